<?php
// GENERATED CODE -- DO NOT EDIT!

namespace Popgate\V1;

/**
 * MailboxService does one job on one mailbox in a call: it logs in, works, and ends the connection. Nothing outlives the call, so any
 * replica can take any call.
 *
 * What it promises: each message arrives at least once, and with the unique-id and the SHA-256 together as the key of what is stored,
 * exactly once; nothing is deleted that was not acknowledged. (The unique-id alone is no key: of two messages with one id the second
 * looks unique once the first is gone.)
 *
 * Rules of all RPCs:
 *   - One call at a time works on a mailbox, that is, for one caller, host and user. Others wait for it, and for a place at the host,
 *     up to their deadline; the response header `popgate-waited-ms` says how long.
 *   - A message number is good for one login. Only unique-ids are compared between logins.
 *   - A unique-id that is blank, or that two messages of the listing have, never counts as seen: such a message is delivered again,
 *     marked.
 *   - Unique-ids are escaped as all text of servers is, in requests too.
 *   - Where the server has UTF8 it is sent before the login (RFC 6856 section 2): without it a server may send a substitute in place
 *     of a message with octets beyond ASCII.
 *   - A lost connection ends the call with UNAVAILABLE and CONNECTION_LOST; popgate does not repeat a job by itself.
 *   - Errors of all: INVALID_ARGUMENT, those of OpenSession and Auth, QUOTA_EXCEEDED, DRAINING, CONNECTION_LOST, TIMEOUT,
 *     PROTOCOL_ERROR, CALLER_UNAUTHENTICATED, INTERNAL. They are not repeated below.
 */
class MailboxServiceClient extends \Grpc\BaseStub {

    /**
     * @param string $hostname hostname
     * @param array $opts channel options
     * @param \Grpc\Channel $channel (optional) re-use channel object
     */
    public function __construct($hostname, $opts, $channel = null) {
        parent::__construct($hostname, $opts, $channel);
    }

    /**
     * Lists the maildrop: number, octets and unique-id of each message, and its header on request.
     *
     * Stream: batches of up to 1,000 messages, then `summary`. A damaged line of the listing is an item with its raw line.
     * Wire: login, `UIDL`, `LIST`; with `header` `TOP n 0` for each message; `QUIT` at the end only where no TOP was sent, as some
     * servers take TOP for reading. Errors: NOT_SUPPORTED_BY_SERVER (TOP). Source: RFC 1939 sections 5 and 7.
     * @param \Popgate\V1\ListMessagesRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\ServerStreamingCall
     */
    public function ListMessages(\Popgate\V1\ListMessagesRequest $argument,
      $metadata = [], $options = []) {
        return $this->_serverStreamRequest('/popgate.v1.MailboxService/ListMessages',
        $argument,
        ['\Popgate\V1\ListMessagesResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Delivers messages and deletes none.
     *
     * Stream: `progress` once the maildrop is listed; then `parts`, those of one message one behind the other, small messages sharing a
     * response; `cursor` every 1,000 messages or 60 seconds and at the end; `summary` last. A message without `end` is none: do not
     * store it. What is new is the caller's knowledge: store the cursor with the messages, and give it next time. After a broken stream
     * give the last stored cursor and, as `seen_unique_ids`, what came after it.
     *
     * QUIT is never sent, because Gmail and servers with `EXPIRE 0` remove at QUIT what was merely retrieved. So at Gmail, which lists
     * only some of the messages until QUIT, it does not advance: there use CollectMessages with DISPOSITION_KEEP. The call ends when the
     * server has closed its side of the connection too, or a second later at most, so that the mailbox is free for the next call.
     *
     * Wire: login, `UIDL`, `LIST`, `RETR n` or `TOP n lines`, sent ahead where the server can do it. Limits: as Retr; 10,000 unique-ids;
     * a cursor of 1 MiB, which is some 130,000 messages left on the server.
     * Errors: INVALID_ARGUMENT (also a cursor of another mailbox, or a damaged one), NOT_SUPPORTED_BY_SERVER (UIDL, save for `all`).
     * Source: RFC 1939 sections 5 and 7.
     * @param \Popgate\V1\FetchMessagesRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\ServerStreamingCall
     */
    public function FetchMessages(\Popgate\V1\FetchMessagesRequest $argument,
      $metadata = [], $options = []) {
        return $this->_serverStreamRequest('/popgate.v1.MailboxService/FetchMessages',
        $argument,
        ['\Popgate\V1\FetchMessagesResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Delivers messages, and deletes those that the caller has settled for deletion.
     *
     * The first request is `open`. Settle a message only when it is stored durably. QUIT is sent only when every message that was
     * retrieved since the login is settled: some servers remove at QUIT what was merely retrieved. So a message that the caller cannot
     * store is left unsettled, and nothing is lost.
     *
     * A round is: login; `progress`; with `offer` the listing, and `choose`; `parts`, while no more messages and octets are unsettled
     * than the limits say; when a batch is full (`commit_messages`, `commit_interval`) or nothing is left, no further message is asked
     * for, and when all are settled QUIT is sent; `commit` says what became of each message of the batch; `cursor`. Then popgate logs in
     * again, after the LOGIN-DELAY that the server asks for, up to 60 seconds. A login that shows nothing new ends the call: `summary`,
     * OK. It is all one batch where the server has no unique-ids (only with `all`), where a message to deliver has none of its own, and
     * where the LOGIN-DELAY is longer. Message numbers are good for one round; unique-ids are matched anew in each. What a server
     * refused, or what was skipped, is not asked for again in the call.
     *
     * What dies, and what becomes of the messages:
     *   - the caller, before it settled: nothing is deleted; delivered again.
     *   - the caller or popgate, after a settlement and before QUIT: the marks go with the connection; at most one batch is delivered
     *     again.
     *   - the reply to QUIT, or it is -ERR: popgate logs in again and looks. What is gone is DELETED (only if the listing is empty or
     *     holds another known unique-id), what is there is KEPT. Where it cannot log in, or unique-ids are not unique, it is UNKNOWN,
     *     and the call ends with COMMIT_UNKNOWN after the report.
     *   - the stream, or the replica drains: closed without QUIT. Nothing since the last `commit` is deleted.
     *   - a settlement, within `ack_timeout` or at half-close: closed without QUIT. popgate logs in afresh, marks what was settled for
     *     deletion, retrieves nothing, QUIT, `commit`; then FAILED_PRECONDITION and UNSETTLED. One message that cannot be stored does
     *     not hold up the deletion of the others.
     *   - a message, whose RETR is refused: a part with `failure`. It cannot be settled and does not hold up the commit.
     *   - the meaning of unique-ids, where a server changes them between logins: a round in which every delivery repeats the octets and
     *     the hash of one before, or whose listing has none of the unique-ids that should still be there, is the finding
     *     UNIQUE_IDS_UNSTABLE; the second such round ends the call with it as the reason.
     *
     * A `cursor` knows what was settled, and nothing else; what was settled for deletion it knows only if a `commit` has said KEPT: what
     * else is still there comes again. At Gmail, which lists only some of the messages until they are retrieved and QUIT is sent, do not
     * give a cursor of FetchMessages, nor one that is older than a lost QUIT: what it knows and what is listed hides the rest. Give `all`
     * there. While popgate waits for the caller a NOOP every 30 seconds keeps the server.
     *
     * A `credentials` request has the fresh secret of the same user for the next login. `credentials_needed` asks for it when such a
     * login is refused, and waits 60 seconds. Half-close when all is settled and nothing is under way ends the call as `stop` does.
     *
     * Wire: as FetchMessages, with `DELE n` behind each settlement for deletion, `NOOP`, and `QUIT`. Limits: as FetchMessages; 10,000
     * delivery ids in one request. Errors: those of FetchMessages; INVALID_ARGUMENT (a request out of order, a number that was not
     * offered, a delivery that never was, credentials of another user): as after a broken stream nothing since the last `commit` is
     * deleted; UNSETTLED, UNIQUE_IDS_UNSTABLE, COMMIT_UNKNOWN, LOGIN_FAILED (fresh credentials were asked for and did not come, or
     * did not fit). Source: RFC 1939 sections 5 to 7, RFC 2449 sections 6.5 and 6.7.
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\BidiStreamingCall
     */
    public function CollectMessages($metadata = [], $options = []) {
        return $this->_bidiRequest('/popgate.v1.MailboxService/CollectMessages',
        ['\Popgate\V1\CollectMessagesResponse','decode'],
        $metadata, $options);
    }

    /**
     * Deletes messages by unique-id, and says of each what became of it.
     *
     * Wire: login, `UIDL` and `LIST`, `DELE n` for each, `QUIT` when every DELE was answered; after a lost reply to QUIT another login
     * to look. Repeating it is safe: what is gone is NOT_FOUND. Limits: 10,000 unique-ids.
     * Errors: NOT_SUPPORTED_BY_SERVER (UIDL). What became of single messages is no error. Source: RFC 1939 sections 5 to 7.
     * @param \Popgate\V1\DeleteMessagesRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function DeleteMessages(\Popgate\V1\DeleteMessagesRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.MailboxService/DeleteMessages',
        $argument,
        ['\Popgate\V1\DeleteMessagesResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Finds out why a mailbox cannot be read, or how well it can be, and changes nothing.
     *
     * What is wrong with the server is no error of the call: it is a finding, with its severity and a remedy. A step that fails ends
     * those that build on it, and the response has what was learnt before. Without credentials popgate does not log in.
     *
     * Up to four connections, one behind the other, each closed without QUIT: in plaintext for the greeting and CAPA, unless TLS begins
     * at once; with TLS for the same; a login that lists the maildrop and tries TOP and PIPELINING; another login that lists it again,
     * once a LOGIN-DELAY of up to 60 seconds is over, else not. A connection more for a login where the server hangs up on CAPA, and
     * one to find out what is wrong with TLS: in that handshake any certificate and version will do, and it is broken off as soon as
     * the certificate is there, so nothing is sent over TLS that is not verified.
     *
     * Wire: `CAPA`, `STLS`, login, `UIDL`, `LIST`, `TOP` of up to three messages of up to 64 KiB, which some servers take for reading;
     * never `RETR`, `DELE` or `QUIT`. Limits: those of Server's `io_timeout` for each wait, so that a server that is silent everywhere
     * takes some minutes. Errors: INVALID_ARGUMENT, TARGET_NOT_ALLOWED, TLS_REQUIRED (unverified TLS, or credentials over plaintext,
     * that the operator does not allow), QUOTA_EXCEEDED, DRAINING, CALLER_UNAUTHENTICATED, INTERNAL, and no others.
     * Source: RFC 1939, RFC 2449, RFC 2595, RFC 5034, RFC 8305.
     * @param \Popgate\V1\DiagnoseServerRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function DiagnoseServer(\Popgate\V1\DiagnoseServerRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.MailboxService/DiagnoseServer',
        $argument,
        ['\Popgate\V1\DiagnoseServerResponse', 'decode'],
        $metadata, $options);
    }

}
