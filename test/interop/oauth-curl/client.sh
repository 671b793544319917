#!/bin/sh
# An OAuth client with curl: `client.sh ISSUER CLIENT_ID REDIRECT_URI API`.
set -eu
issuer=$1 id=$2 redirect=$3 api=$4
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
# Value of a member of a JSON object in one line, of a text or a number.
member() { sed -n "s/.*\"$1\" *: *\"\{0,1\}\([^\",}]*\).*/\1/p"; }
# Value of a parameter of the address that came back.
parameter() { printf '%s' "${back#*\?}" | tr '&' '\n' | sed -n "s/^$1=//p"; }
verifier=$(openssl rand 32 | base64url)
challenge=$(printf '%s' "$verifier" | openssl dgst -sha256 -binary | base64url)
echo "open $(curl -sS -o /dev/null -w '%{url_effective}' -G --proto =http,https "$issuer/oauth/authorize" \
  --data-urlencode "client_id=$id" --data-urlencode "redirect_uri=$redirect" --data-urlencode "resource=$api" \
  -d response_type=code -d state=st -d "code_challenge=$challenge" -d code_challenge_method=S256)"
read -r back
refused=$(parameter error)
if [ -n "$refused" ]; then echo "refused $refused"; exit; fi
got=$(curl -sS "$issuer/oauth/token" -d grant_type=authorization_code -d "client_id=$id" -d "code=$(parameter code)" \
  --data-urlencode "redirect_uri=$redirect" -d "code_verifier=$verifier")
refused=$(printf '%s' "$got" | member error)
if [ -n "$refused" ]; then echo "refused $refused"; exit; fi
echo "token $(printf '%s' "$got" | member token_type) $(printf '%s' "$got" | member expires_in)"
call() { curl -sS -o /dev/null -w '%{http_code}' --oauth2-bearer "$(printf '%s' "$got" | member access_token)" "$@"; }
echo "read $(call "$api/orders/1042")"
got=$(curl -sS "$issuer/oauth/token" -d grant_type=refresh_token -d "client_id=$id" \
  -d "refresh_token=$(printf '%s' "$got" | member refresh_token)")
echo "read $(call "$api/orders/1042")"
echo "refund $(call "$api/orders/1042/refunds" -H 'Content-Type: application/json' -d '{"amount":10}')"
