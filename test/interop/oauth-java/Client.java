import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import org.springframework.http.MediaType;
import org.springframework.security.authentication.AnonymousAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.oauth2.client.AuthorizedClientServiceOAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.InMemoryOAuth2AuthorizedClientService;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientProviderBuilder;
import org.springframework.security.oauth2.client.endpoint.OAuth2AuthorizationCodeGrantRequest;
import org.springframework.security.oauth2.client.endpoint.RestClientAuthorizationCodeTokenResponseClient;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.client.registration.ClientRegistrations;
import org.springframework.security.oauth2.client.registration.InMemoryClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestCustomizers;
import org.springframework.security.oauth2.client.web.client.OAuth2ClientHttpRequestInterceptor;
import org.springframework.security.oauth2.client.web.client.RequestAttributeClientRegistrationIdResolver;
import org.springframework.security.oauth2.core.ClientAuthenticationMethod;
import org.springframework.security.oauth2.core.OAuth2AuthorizationException;
import org.springframework.security.oauth2.core.endpoint.OAuth2AccessTokenResponse;
import org.springframework.security.oauth2.core.endpoint.OAuth2AuthorizationExchange;
import org.springframework.security.oauth2.core.endpoint.OAuth2AuthorizationRequest;
import org.springframework.security.oauth2.core.endpoint.OAuth2AuthorizationResponse;
import org.springframework.web.client.RestClient;
import org.springframework.web.util.UriComponents;
import org.springframework.web.util.UriComponentsBuilder;

/** An OAuth client with Spring Security: `Client ISSUER CLIENT_ID REDIRECT_URI API`. */
final class Client {
  private static final String NAME = "remit";
  private static final Authentication SAM =
      new AnonymousAuthenticationToken("key", "sam", AuthorityUtils.createAuthorityList("USER"));

  public static void main(String[] args) throws Exception {
    String redirect = args[2];
    String api = args[3];
    ClientRegistration registration =
        ClientRegistrations.fromIssuerLocation(args[0])
            .registrationId(NAME)
            .clientId(args[1])
            .clientAuthenticationMethod(ClientAuthenticationMethod.NONE)
            .redirectUri(redirect)
            .build();
    OAuth2AuthorizationRequest.Builder asking =
        OAuth2AuthorizationRequest.authorizationCode()
            .authorizationUri(registration.getProviderDetails().getAuthorizationUri())
            .clientId(registration.getClientId())
            .redirectUri(redirect)
            .state("st")
            .additionalParameters(more -> more.put("resource", api));
    OAuth2AuthorizationRequestCustomizers.withPkce().accept(asking);
    OAuth2AuthorizationRequest asked = asking.build();
    System.out.println("open " + asked.getAuthorizationRequestUri());
    String line = new BufferedReader(new InputStreamReader(System.in)).readLine();
    UriComponents back = UriComponentsBuilder.fromUri(URI.create(line)).build();
    String refused = back.getQueryParams().getFirst("error");
    if (refused != null) {
      System.out.println("refused " + refused);
      return;
    }
    OAuth2AuthorizationResponse answer =
        OAuth2AuthorizationResponse.success(back.getQueryParams().getFirst("code"))
            .redirectUri(redirect)
            .state(back.getQueryParams().getFirst("state"))
            .build();
    OAuth2AccessTokenResponse got;
    try {
      got =
          new RestClientAuthorizationCodeTokenResponseClient()
              .getTokenResponse(
                  new OAuth2AuthorizationCodeGrantRequest(
                      registration, new OAuth2AuthorizationExchange(asked, answer)));
    } catch (OAuth2AuthorizationException error) {
      // Spring's own code wraps errors that it does not know.
      String said = error.getError().toString() + error.getMessage();
      System.out.println(
          "refused " + (said.contains("invalid_dpop_proof") ? "invalid_dpop_proof" : said));
      return;
    }
    Instant expires = got.getAccessToken().getExpiresAt();
    long seconds = Duration.between(got.getAccessToken().getIssuedAt(), expires).toSeconds();
    System.out.println("token " + got.getAccessToken().getTokenType().getValue() + " " + seconds);
    InMemoryClientRegistrationRepository known =
        new InMemoryClientRegistrationRepository(registration);
    InMemoryOAuth2AuthorizedClientService kept = new InMemoryOAuth2AuthorizedClientService(known);
    kept.saveAuthorizedClient(
        new OAuth2AuthorizedClient(
            registration, SAM.getName(), got.getAccessToken(), got.getRefreshToken()),
        SAM);
    SecurityContextHolder.getContext().setAuthentication(SAM);
    System.out.println("read " + read(clientOf(known, kept, Duration.ofSeconds(60)), api));
    // A token of five minutes is refreshed before each call.
    RestClient client = clientOf(known, kept, Duration.ofMinutes(10));
    System.out.println("read " + read(client, api));
    int refund =
        client
            .post()
            .uri(api + "/orders/1042/refunds")
            .attributes(RequestAttributeClientRegistrationIdResolver.clientRegistrationId(NAME))
            .contentType(MediaType.APPLICATION_JSON)
            .body("{\"amount\":10}")
            .exchange((request, response) -> response.getStatusCode().value());
    System.out.println("refund " + refund);
  }

  private static RestClient clientOf(
      InMemoryClientRegistrationRepository known,
      InMemoryOAuth2AuthorizedClientService kept,
      Duration skew) {
    AuthorizedClientServiceOAuth2AuthorizedClientManager manager =
        new AuthorizedClientServiceOAuth2AuthorizedClientManager(known, kept);
    manager.setAuthorizedClientProvider(
        OAuth2AuthorizedClientProviderBuilder.builder()
            .authorizationCode()
            .refreshToken(refresh -> refresh.clockSkew(skew))
            .build());
    return RestClient.builder()
        .requestInterceptor(new OAuth2ClientHttpRequestInterceptor(manager))
        .build();
  }

  private static int read(RestClient client, String api) {
    return client
        .get()
        .uri(api + "/orders/1042")
        .attributes(RequestAttributeClientRegistrationIdResolver.clientRegistrationId(NAME))
        .exchange((request, response) -> response.getStatusCode().value());
  }
}
