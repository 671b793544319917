// An OAuth client at the defaults of x/oauth2: `client ISSUER CLIENT_ID REDIRECT_URI API`.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

func main() {
	issuer, id, redirect, api := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	ctx := context.Background()
	config := &oauth2.Config{
		ClientID:    id,
		RedirectURL: redirect,
		Endpoint:    oauth2.Endpoint{AuthURL: issuer + "/oauth/authorize", TokenURL: issuer + "/oauth/token"},
	}
	verifier := oauth2.GenerateVerifier()
	fmt.Println("open", config.AuthCodeURL("st", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("resource", api)))
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	must(err)
	back, err := url.Parse(strings.TrimSpace(line))
	must(err)
	if refused := back.Query().Get("error"); refused != "" {
		fmt.Println("refused", refused)
		return
	}
	token, err := config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		fmt.Println("refused", refused.ErrorCode)
		return
	}
	must(err)
	fmt.Println("token", token.Type(), token.ExpiresIn)
	fmt.Println("read", status(config.Client(ctx, token).Get(api+"/orders/1042")))
	token.Expiry = time.Now().Add(-time.Minute)
	client := config.Client(ctx, token)
	fmt.Println("read", status(client.Get(api+"/orders/1042")))
	fmt.Println("refund", status(client.Post(api+"/orders/1042/refunds", "application/json", strings.NewReader(`{"amount":10}`))))
}

func status(answer *http.Response, err error) int {
	must(err)
	answer.Body.Close()
	return answer.StatusCode
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
