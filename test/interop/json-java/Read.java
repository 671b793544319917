import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Reads one body a line with Jackson, as an API in Java does, and tells one a line what it read. */
public class Read {
  public static class Line {
    public Long n;
  }

  public static class To {
    public String iban;
  }

  public static class Order {
    public Long amount;
    public String note;
    public To to;
    public List<Line> lines;
  }

  public static void main(String[] args) throws Exception {
    boolean anyCase = args.length > 0 && args[0].equals("any-case");
    JsonMapper mapper = JsonMapper.builder()
        .configure(MapperFeature.ACCEPT_CASE_INSENSITIVE_PROPERTIES, anyCase)
        .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
        .serializationInclusion(JsonInclude.Include.NON_NULL)
        .build();
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String body = in.readLine(); body != null; body = in.readLine()) {
      try {
        out.println(mapper.writeValueAsString(mapper.readValue(body, Order.class)));
      } catch (Exception e) {
        out.println("\"refused\"");
      }
    }
  }
}
