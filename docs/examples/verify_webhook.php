<?php
// Checks that a webhook was sent by your desk: php verify_webhook.php < body, the header in the environment.

// $body is the request's body as it came: file_get_contents('php://input').
function is_genuine(string $secret, string $body, string $signature): bool
{
    $seed = 'sha1=' . hash_hmac('sha1', $body, $secret);
    $platform = base64_encode(hash_hmac('sha1', $body, $secret, true));
    return hash_equals($seed, $signature) || hash_equals($platform, $signature);
}

// The same by Standard Webhooks, which also tells a request that is sent again by somebody else later.
function is_fresh(string $secret, string $body, string $id, string $timestamp, string $signatures): bool
{
    if (abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $secret, true));
    foreach (explode(' ', $signatures) as $signature) {
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}

$sent = stream_get_contents(STDIN);
$secret = getenv('SECRET');
$genuine = is_genuine($secret, $sent, getenv('SIGNATURE'))
    && is_fresh($secret, $sent, getenv('ID'), getenv('TIMESTAMP'), getenv('SIGNATURES'));
echo $genuine ? "genuine\n" : "forged\n";
