import Domain
import ProviderSupport
import Testing

@testable import Callbacks
@testable import Transports

@Suite("A request that names the secret of its callbacks")
struct CallbackSecretTests {
    @Test("{callback_secret} in a request is the first line of the file, and is hidden in what the provider says")
    func sentSecret() async throws {
        let file = try SecretFile("first-line-of-the-file\nsecond-line-of-the-file")
        var options: [String: String] = [
            "url": "https://api.example.com/m", "body": #"{"to": "{to}", "hook": "https://h/?k={callback_secret}"}"#,
            "callback": "json",
            "callback_auth": "token query:k", "callback_secret_file": file.path, "receipt_status": "s",
            "receipt_states": "OK=delivered",
        ]
        let parsed = try HTTPOptions(generic: ProviderPolicy(name: "p", transport: "http", channels: [.sms], options: options))
        let values = try HTTPSecrets(parsed).current()
        let request = try parsed.request(submission(), values)
        #expect(String(decoding: request.body, as: UTF8.self).contains("k=first-line-of-the-file\""))
        #expect(values.hidden.contains("first-line-of-the-file"))
        for name in ["callback", "callback_auth", "callback_secret_file", "receipt_status", "receipt_states"] {
            options[name] = nil
        }
        #expect(throws: ProviderError.self) {
            try HTTPOptions(generic: ProviderPolicy(name: "p", transport: "http", channels: [.sms], options: options))
        }
    }
}
