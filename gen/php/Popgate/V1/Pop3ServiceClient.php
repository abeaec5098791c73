<?php
// GENERATED CODE -- DO NOT EDIT!

namespace Popgate\V1;

/**
 * Pop3Service is POP3, a command an RPC (RFC 1939 and its extensions). One session is one connection to a POP3 server.
 *
 * Rules that hold for every RPC:
 *
 *   - `session_id` is field 1 of every request but OpenSession's. Callers behind a balancer also send the response header
 *     `pop3-session` of OpenSession back as a request header; popgate reads only the field. A session belongs to the caller
 *     that opened it: to another caller it does not exist.
 *   - A session is sequential. Calls that send a command wait for their turn in order of arrival, 16 at most, and never
 *     interleave on the wire; a call that is cancelled before its turn sends nothing. GetWelcome, SetDebugLevel,
 *     WatchDebug and CloseSession do not wait.
 *   - The server decides what is allowed when: a command that it would refuse is sent, and its -ERR comes back as an error
 *     (COMMAND_REFUSED unless said otherwise) after which the session lives on.
 *   - QUIT goes out only for Quit. Every other end closes the connection, and then the server removes nothing (RFC 1939
 *     section 6).
 *   - `response` is the whole status line without its line end. In it and in every other string from the server, octets
 *     that are not printable UTF-8 are written as a backslash, "x" and two hexadecimal digits, a backslash is doubled, and
 *     secrets that the server echoes are replaced by `***`.
 *   - Session errors, possible in every RPC but OpenSession: INVALID_ARGUMENT, SESSION_NOT_FOUND, WRONG_REPLICA,
 *     SESSION_ENDED, QUOTA_EXCEEDED (17th call in the queue), DRAINING, CALLER_UNAUTHENTICATED, INTERNAL; and in each that
 *     sends a command: CONNECTION_LOST, TIMEOUT, PROTOCOL_ERROR, after which the session has ended. They are not repeated
 *     below. ErrorReason explains each.
 *   - Where `idempotency_level` is IDEMPOTENT, a repetition does no harm. All other RPCs must not be repeated blindly, and
 *     error trailers say so to gRPC libraries (`grpc-retry-pushback-ms: -1`).
 */
class Pop3ServiceClient extends \Grpc\BaseStub {

    /**
     * @param string $hostname hostname
     * @param array $opts channel options
     * @param \Grpc\Channel $channel (optional) re-use channel object
     */
    public function __construct($hostname, $opts, $channel = null) {
        parent::__construct($hostname, $opts, $channel);
    }

    /**
     * Connects to a POP3 server, reads its greeting, and makes a session of the connection. Login is a step of its own.
     *
     * Wire: in STLS mode `STLS` and a TLS handshake, otherwise nothing. State afterwards: AUTHORIZATION (RFC 1939 section 4).
     * Limits: the caller's, the target host's and all sessions (1,000, 500, 10,000). The session ends when no call came for
     * `idle_timeout`, or at the age `max_age`.
     * Errors: TARGET_NOT_ALLOWED, CONNECT_FAILED, GREETING_REFUSED, TLS_REQUIRED, TLS_VERIFICATION_FAILED,
     * TLS_HANDSHAKE_FAILED, TIMEOUT, CONNECTION_LOST, PROTOCOL_ERROR, QUOTA_EXCEEDED, DRAINING.
     * Source: RFC 1939 section 3, RFC 2595 section 4, RFC 8314 section 3.
     * @param \Popgate\V1\OpenSessionRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function OpenSession(\Popgate\V1\OpenSessionRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/OpenSession',
        $argument,
        ['\Popgate\V1\OpenSessionResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Returns the greeting that OpenSession read (poplib's `getwelcome`). Does not wait for its turn and sends nothing.
     *
     * State: any. Source: RFC 1939 section 4.
     * @param \Popgate\V1\GetWelcomeRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function GetWelcome(\Popgate\V1\GetWelcomeRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/GetWelcome',
        $argument,
        ['\Popgate\V1\GetWelcomeResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Sets what WatchDebug tells (poplib's `set_debuglevel`): 0 nothing, 1 a line a command, 2 or more every line both ways.
     * Takes effect at once, also for the running command. Does not wait for its turn and sends nothing.
     *
     * State: any.
     * @param \Popgate\V1\SetDebugLevelRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function SetDebugLevel(\Popgate\V1\SetDebugLevelRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/SetDebugLevel',
        $argument,
        ['\Popgate\V1\SetDebugLevelResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Streams the session's dialogue as it goes on, as much of it as SetDebugLevel asks for, until the session ends (OK) or
     * the caller cancels. Level 2 includes message lines. Secrets never show.
     *
     * A watcher that reads slowly loses lines, which the stream counts; it never slows the session. Does not wait for its turn,
     * sends nothing, and does not keep an idle session alive. State: any.
     * @param \Popgate\V1\WatchDebugRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\ServerStreamingCall
     */
    public function WatchDebug(\Popgate\V1\WatchDebugRequest $argument,
      $metadata = [], $options = []) {
        return $this->_serverStreamRequest('/popgate.v1.Pop3Service/WatchDebug',
        $argument,
        ['\Popgate\V1\WatchDebugResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Asks the server what it can do.
     *
     * Wire: `CAPA`. State: AUTHORIZATION, TRANSACTION; the answers may differ. Limits: 256 lines of 8 KiB.
     * Errors: NOT_SUPPORTED_BY_SERVER (-ERR: the server has no CAPA), MALFORMED_REPLY.
     * Source: RFC 2449 section 5.
     * @param \Popgate\V1\CapaRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Capa(\Popgate\V1\CapaRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Capa',
        $argument,
        ['\Popgate\V1\CapaResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Begins TLS on a plaintext connection. All capabilities that were known before are forgotten.
     *
     * Wire: `STLS`, then the handshake. State: AUTHORIZATION.
     * Errors: WRONG_STATE (TLS is on, or logged in; nothing is sent), TLS_REQUIRED (unverified TLS is not allowed here;
     * nothing is sent), NOT_SUPPORTED_BY_SERVER, TLS_VERIFICATION_FAILED and TLS_HANDSHAKE_FAILED (the session ends).
     * Source: RFC 2595 section 4.
     * @param \Popgate\V1\StlsRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Stls(\Popgate\V1\StlsRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Stls',
        $argument,
        ['\Popgate\V1\StlsResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Switches the session to UTF-8.
     *
     * Wire: `UTF8`. State: AUTHORIZATION. Errors: NOT_SUPPORTED_BY_SERVER. Some servers close the connection on commands that
     * their CAPA does not list: ask it first. Source: RFC 6856 section 2.1.
     * @param \Popgate\V1\Utf8Request $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Utf8(\Popgate\V1\Utf8Request $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Utf8',
        $argument,
        ['\Popgate\V1\Utf8Response', 'decode'],
        $metadata, $options);
    }

    /**
     * Lists the languages of the server's texts, or chooses one.
     *
     * Wire: `LANG` or `LANG tag`. State: AUTHORIZATION, TRANSACTION. Limits: 256 lines of 8 KiB.
     * Errors: NOT_SUPPORTED_BY_SERVER. Source: RFC 6856 section 3.
     * @param \Popgate\V1\LangRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Lang(\Popgate\V1\LangRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Lang',
        $argument,
        ['\Popgate\V1\LangResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Ends the session at once by closing the connection (poplib's `close`), whatever is running. Nothing is removed, save
     * that a Quit that is under way goes on. Repeating it is OK.
     *
     * Wire: nothing. State: any. Source: RFC 1939 section 6.
     * @param \Popgate\V1\CloseSessionRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function CloseSession(\Popgate\V1\CloseSessionRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/CloseSession',
        $argument,
        ['\Popgate\V1\CloseSessionResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * -- auth: AUTHORIZATION --
     *
     * Names the user of the login by USER and PASS.
     *
     * Wire: `USER username`, the name as UTF-8, spaces included. State: AUTHORIZATION. Limits: a command line of 255 octets.
     * Errors: TLS_REQUIRED (the connection is plaintext; nothing is sent), COMMAND_REFUSED, MAILBOX_IN_USE, LOGIN_DELAY,
     * SERVER_TEMPORARY, SERVER_PERMANENT. Source: RFC 1939 section 7.
     * @param \Popgate\V1\UserRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function User(\Popgate\V1\UserRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/User',
        $argument,
        ['\Popgate\V1\UserResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Completes the login that User began (poplib's `pass_`).
     *
     * Wire: `PASS password`, the password as UTF-8, spaces included. State: AUTHORIZATION, after User. The server has 5
     * minutes. Limits: a command line of 255 octets.
     * Errors: TLS_REQUIRED (nothing is sent), LOGIN_FAILED, MAILBOX_IN_USE, LOGIN_DELAY, SERVER_TEMPORARY, SERVER_PERMANENT.
     * Source: RFC 1939 section 7.
     * @param \Popgate\V1\PassRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Pass(\Popgate\V1\PassRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Pass',
        $argument,
        ['\Popgate\V1\PassResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Logs in by a digest of the greeting's time stamp and a shared secret. MD5 is weak: prefer Auth.
     *
     * Wire: `APOP username digest`; after Utf8 name and secret are prepared by SASLprep (RFC 6856 section 2.2).
     * State: AUTHORIZATION. Errors: NOT_SUPPORTED_BY_SERVER (the greeting has no time stamp;
     * nothing is sent), and those of Pass. Source: RFC 1939 section 7, CVE-2007-1558.
     * @param \Popgate\V1\ApopRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Apop(\Popgate\V1\ApopRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Apop',
        $argument,
        ['\Popgate\V1\ApopResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Logs in by trust between hosts, as servers of 1988 did.
     *
     * Wire: `RPOP username`. State: AUTHORIZATION, after User. Errors: those of Pass. Source: RFC 1081.
     * @param \Popgate\V1\RpopRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Rpop(\Popgate\V1\RpopRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Rpop',
        $argument,
        ['\Popgate\V1\RpopResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Logs in by a SASL mechanism that popgate knows. For others see AuthExchange.
     *
     * By password: SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-1 (RFC 7677, RFC 5802), CRAM-MD5 (RFC 2195),
     * PLAIN (RFC 4616), LOGIN. By access token: OAUTHBEARER (RFC 7628), XOAUTH2. Otherwise: EXTERNAL (RFC 4422 appendix A). Without
     * a mechanism the first of these is taken that the server lists too, a -PLUS only over TLS. ANONYMOUS (RFC 4505) has to be named.
     *
     * Wire: `CAPA` where no mechanism is given; `AUTH mechanism` with the initial response where the line stays within 255
     * octets, else in a line of its own; where the server shows that it wants the other form, `AUTH` once more.
     * State: AUTHORIZATION. The server has 5 minutes for each reply. Limits: challenges of 12 KiB, 8 rounds, 100,000 iterations.
     * Errors: those of Pass, NOT_SUPPORTED_BY_SERVER (also where no mechanism of the server fits the secret), MALFORMED_REPLY (a
     * challenge that the mechanism does not have), PROTOCOL_ERROR (also where a server has not proved by SCRAM that it knows the
     * password). LOGIN_FAILED has `challenge` where the server said why it refuses a token.
     * Source: RFC 5034.
     * @param \Popgate\V1\AuthRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Auth(\Popgate\V1\AuthRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Auth',
        $argument,
        ['\Popgate\V1\AuthResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Logs in by any SASL mechanism: popgate passes challenges and responses on, the caller computes, and the secret never
     * comes near popgate.
     *
     * The first request has `session_id`, `mechanism` and perhaps `initial_response`; each further one answers a challenge by
     * `response` or `cancel`. The last response holds `response`. A caller that goes away in the middle has its exchange
     * cancelled (`*`). Wire: `AUTH mechanism [initial-response]`, then base64 lines.
     * State: AUTHORIZATION. Limits: challenges of 12 KiB, 8 rounds. Errors: those of Auth, PROTOCOL_ERROR above the limits.
     * Source: RFC 5034, RFC 4422.
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\BidiStreamingCall
     */
    public function AuthExchange($metadata = [], $options = []) {
        return $this->_bidiRequest('/popgate.v1.Pop3Service/AuthExchange',
        ['\Popgate\V1\AuthExchangeResponse','decode'],
        $metadata, $options);
    }

    /**
     * -- maildrop: TRANSACTION --
     *
     * Counts the maildrop: how many messages, how many octets. Messages marked as deleted do not count.
     *
     * Wire: `STAT`. State: TRANSACTION. Errors: MALFORMED_REPLY. Source: RFC 1939 section 5.
     * @param \Popgate\V1\StatRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Stat(\Popgate\V1\StatRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Stat',
        $argument,
        ['\Popgate\V1\StatResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Lists the octets of one message or of all. Sizes are the server's claim: some servers count line ends as one octet.
     *
     * Stream: `response` first, then batches of up to 1,000 entries, then `octets`. An entry that does not parse comes as its
     * line alone. Wire: `LIST` or `LIST n`. State: TRANSACTION. Limits: 5 million entries of 8 KiB, streamed.
     * Source: RFC 1939 section 5.
     * @param \Popgate\V1\ListRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\ServerStreamingCall
     */
    public function List(\Popgate\V1\ListRequest $argument,
      $metadata = [], $options = []) {
        return $this->_serverStreamRequest('/popgate.v1.Pop3Service/List',
        $argument,
        ['\Popgate\V1\ListResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Lists the unique-id of one message or of all.
     *
     * Stream: as List. Wire: `UIDL` or `UIDL n`. State: TRANSACTION. Limits: 5 million entries of 8 KiB, streamed.
     * Errors: NOT_SUPPORTED_BY_SERVER (-ERR without a number, where CAPA has not listed UIDL). Source: RFC 1939 section 7.
     * @param \Popgate\V1\UidlRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\ServerStreamingCall
     */
    public function Uidl(\Popgate\V1\UidlRequest $argument,
      $metadata = [], $options = []) {
        return $this->_serverStreamRequest('/popgate.v1.Pop3Service/Uidl',
        $argument,
        ['\Popgate\V1\UidlResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Marks a message as deleted. It is removed by Quit, and only by Quit.
     *
     * Wire: `DELE n`; before it `UIDL n` where `if_unique_id` is given. State: TRANSACTION.
     * Errors: UNIQUE_ID_MISMATCH (nothing is marked), COMMAND_REFUSED. Source: RFC 1939 section 5.
     * @param \Popgate\V1\DeleRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Dele(\Popgate\V1\DeleRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Dele',
        $argument,
        ['\Popgate\V1\DeleResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Takes all marks of Dele back. popgate never sends it unasked.
     *
     * Wire: `RSET`. State: TRANSACTION. Source: RFC 1939 section 5.
     * @param \Popgate\V1\RsetRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Rset(\Popgate\V1\RsetRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Rset',
        $argument,
        ['\Popgate\V1\RsetResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Does nothing; keeps the session and the server awake.
     *
     * Wire: `NOOP`. State: TRANSACTION. Source: RFC 1939 section 5.
     * @param \Popgate\V1\NoopRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Noop(\Popgate\V1\NoopRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Noop',
        $argument,
        ['\Popgate\V1\NoopResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * -- retrieve: TRANSACTION --
     *
     * Retrieves a message of any size.
     *
     * Stream: `response` in the first message only; `data` holds the next octets; the last message alone has `octets` and
     * `crc32`. Join the `data` fields to get the message, byte for byte as the server sent it after dot-unstuffing (a dot that
     * begins a line goes only where a second one follows), line ends kept. OK comes only after the server's terminator: a
     * connection that is cut is an error, never a short message. Many servers mark a retrieved message as seen.
     *
     * Wire: `RETR n`; before it `LIST n` where `max_octets` is given. State: TRANSACTION. Limits: no limit on lines; the
     * operator's cap, 4 GiB by default, on messages; 60 seconds of silence; a caller that does not read for 2 minutes.
     * Errors: MESSAGE_TOO_LARGE, STREAM_STALLED, COMMAND_REFUSED. Source: RFC 1939 section 5.
     * @param \Popgate\V1\RetrRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\ServerStreamingCall
     */
    public function Retr(\Popgate\V1\RetrRequest $argument,
      $metadata = [], $options = []) {
        return $this->_serverStreamRequest('/popgate.v1.Pop3Service/Retr',
        $argument,
        ['\Popgate\V1\RetrResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * Retrieves the header of a message and the first lines of its body. It is never the whole message for certain: servers
     * cut it short without a word.
     *
     * Stream: as Retr. Wire: `TOP n lines`. State: TRANSACTION.
     * Errors: NOT_SUPPORTED_BY_SERVER, STREAM_STALLED, COMMAND_REFUSED. Source: RFC 1939 section 7.
     * @param \Popgate\V1\TopRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\ServerStreamingCall
     */
    public function Top(\Popgate\V1\TopRequest $argument,
      $metadata = [], $options = []) {
        return $this->_serverStreamRequest('/popgate.v1.Pop3Service/Top',
        $argument,
        ['\Popgate\V1\TopResponse', 'decode'],
        $metadata, $options);
    }

    /**
     * -- update --
     *
     * Ends the session and has the marked messages removed. OK says what was committed; every other end is an error whose
     * ErrorInfo has `outcome` and `cause`.
     *
     * Once the line is written the caller cannot cancel it: popgate reads on and keeps the outcome for 10 minutes. A repeated
     * Quit sends nothing and gets the same status, with `replayed` set; so after a lost reply ask again with the same id.
     *
     * Wire: `QUIT`. State: any; from TRANSACTION to UPDATE. The server has 5 minutes.
     * Errors: COMMIT_PARTIAL (-ERR), COMMIT_UNKNOWN (the reply was lost), COMMAND_REFUSED (-ERR before login),
     * CONNECTION_LOST with outcome NOT_COMMITTED (the line could not be written). Source: RFC 1939 sections 4 and 6.
     * @param \Popgate\V1\QuitRequest $argument input argument
     * @param array $metadata metadata
     * @param array $options call options
     * @return \Grpc\UnaryCall
     */
    public function Quit(\Popgate\V1\QuitRequest $argument,
      $metadata = [], $options = []) {
        return $this->_simpleRequest('/popgate.v1.Pop3Service/Quit',
        $argument,
        ['\Popgate\V1\QuitResponse', 'decode'],
        $metadata, $options);
    }

}
