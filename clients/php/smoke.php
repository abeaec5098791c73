<?php

// Reads a mailbox with the generated messages, where PHP's extension grpc, and so the generated clients, cannot be had: the calls go
// over curl's HTTP/2. clients/demo sets the environment.

declare(strict_types=1);

use Popgate\V1\Credentials;
use Popgate\V1\FetchMessagesRequest;
use Popgate\V1\FetchMessagesResponse;
use Popgate\V1\OpenSessionRequest;
use Popgate\V1\OpenSessionResponse;
use Popgate\V1\RetrRequest;
use Popgate\V1\RetrResponse;
use Popgate\V1\Server;
use Popgate\V1\TlsMode;
use Popgate\V1\TlsOptions;

set_include_path(__DIR__ . '/../../gen/php' . PATH_SEPARATOR . get_include_path());
spl_autoload_register(function (string $class): void {
    if ($file = stream_resolve_include_path(strtr($class, '\\', '/') . '.php')) {
        require $file;
    }
});
set_error_handler(function (int $level, string $text, string $file, int $line): bool {
    // What the library of Debian 12 does is old for this PHP.
    if ($level === E_DEPRECATED) {
        return true;
    }
    throw new ErrorException($text, 0, $level, $file, $line);
});

function check(bool $holds, string $what): void
{
    $holds || throw new RuntimeException("wrong: $what");
}

/**
 * Makes a unary or server-streaming call, waits for its end and returns the responses, the status code and the trailers.
 *
 * @template T
 * @param class-string<T> $responseClass
 * @return array{list<T>, int, array<string, string>}
 */
function call(string $method, Google\Protobuf\Internal\Message $request, string $responseClass): array
{
    $headers = [];
    $octets = $request->serializeToString();
    $curl = curl_init('http://' . getenv('POPGATE_TARGET') . "/popgate.v1.$method"); // a new one for each call
    curl_setopt_array($curl, [
        CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
        CURLOPT_HTTPHEADER => ['content-type: application/grpc', 'te: trailers'],
        CURLOPT_POSTFIELDS => "\0" . pack('N', strlen($octets)) . $octets,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 30,
        CURLOPT_HEADERFUNCTION => function ($curl, string $line) use (&$headers): int {
            [$name, $value] = explode(':', $line, 2) + [1 => ''];
            $headers[strtolower($name)] = trim($value);
            return strlen($line);
        },
    ]);
    $body = curl_exec($curl);
    check($body !== false, curl_error($curl));
    $responses = [];
    for ($at = 0; $at < strlen($body); $at += 5 + $length) {
        $length = unpack('N', $body, $at + 1)[1];
        $response = new $responseClass();
        $response->mergeFromString(substr($body, $at + 5, $length));
        $responses[] = $response;
    }
    return [$responses, (int) $headers['grpc-status'], $headers];
}

[$host, $port] = explode(':', getenv('POP3_ADDRESS'));
$server = new Server(['host' => $host, 'port' => (int) $port, 'tls' => new TlsOptions(['mode' => TlsMode::TLS_MODE_PLAINTEXT])]);
$credentials = new Credentials(['username' => getenv('POP3_USER'), 'password' => getenv('POP3_PASSWORD')]);

[[$opened], $status, $headers] = call('Pop3Service/OpenSession', new OpenSessionRequest(['server' => $server]), OpenSessionResponse::class);
check($status === 0 && $headers['pop3-session'] === $opened->getSessionId(), 'OpenSession');

$request = new RetrRequest(['session_id' => $opened->getSessionId(), 'message_number' => 1]);
[, $status, $headers] = call('Pop3Service/Retr', $request, RetrResponse::class);
check($status === 9 && $headers['pop3-error-reason'] === 'ERROR_REASON_COMMAND_REFUSED', 'RETR before the login');

$request = new FetchMessagesRequest(['server' => $server, 'credentials' => $credentials, 'all' => true]);
[$responses, $status] = call('MailboxService/FetchMessages', $request, FetchMessagesResponse::class);
check($status === 0, 'status of FetchMessages');
$count = 0;
foreach ($responses as $response) {
    foreach ($response->getParts() as $part) {
        check($part->getEnd()->getSha256() === hash('sha256', $part->getData(), true), 'SHA-256');
        $count++;
    }
}
check($count === 5, 'messages of FetchMessages');
printf("PHP %s, messages over curl %s: %d messages\n", PHP_VERSION, curl_version()['version'], $count);
