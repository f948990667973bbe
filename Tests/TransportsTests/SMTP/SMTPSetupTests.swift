import Domain
import NIOCore
import Testing

@testable import Transports

@Suite("SMTP session until it is ready")
struct SMTPSetupTests {
    @Test("after STARTTLS everything learnt in the clear is forgotten and EHLO said again")
    func startTLS() {
        var dialogue = Dialogue(tls: .required)
        dialogue.server("220 hi\r\n")
        dialogue.server("250-s\r\n250-PIPELINING\r\n250 STARTTLS\r\n")
        dialogue.server("220 go\r\n")
        #expect(!dialogue.session.isSecured)
        dialogue.note(dialogue.session.tlsEstablished())
        dialogue.server("250 s\r\n")
        #expect(dialogue.log == ["> EHLO client.test", "> STARTTLS", "startTLS", "> EHLO client.test", "ready"])
        #expect(dialogue.session.isSecured && !dialogue.session.capabilities.pipelining)
    }

    @Test(
        "bytes between the answer to STARTTLS and the handshake are an attack",
        arguments: [
            "220 go\r\n250 injected\r\n", "220 go\r\n2", "220 go\r\n\n",
        ])
    func injection(bytes: String) {
        for mode in [SMTPTLSMode.required, .opportunistic] {
            var dialogue = Dialogue(tls: mode)
            dialogue.server("220 hi\r\n")
            dialogue.server("250-s\r\n250 STARTTLS\r\n")
            dialogue.server(bytes)
            #expect(dialogue.log.suffix(2) == ["fail tls_injection", "close"])
        }
    }

    @Test(
        "a 220 that came before STARTTLS was said is somebody else's", arguments: ["220 go\r\n", "2", "250 x\r\n220 go\r\n"])
    func earlyInjection(bytes: String) {
        for mode in [SMTPTLSMode.required, .opportunistic] {
            var dialogue = Dialogue(tls: mode)
            dialogue.server("220 hi\r\n")
            dialogue.server("250-s\r\n250 STARTTLS\r\n" + bytes)
            #expect(dialogue.log == ["> EHLO client.test", "fail tls_injection", "close"])
        }
    }

    @Test("bytes that came while the handshake was under way are not read as answers after it")
    func injectionDuringHandshake() {
        var dialogue = Dialogue(tls: .required)
        dialogue.server("220 hi\r\n")
        dialogue.server("250-s\r\n250 STARTTLS\r\n")
        dialogue.server("220 go\r\n")
        dialogue.server("250-s\r\n250 AUTH PLAIN\r\n")
        dialogue.note(dialogue.session.tlsEstablished())
        #expect(dialogue.log.suffix(2) == ["fail tls_injection", "close"])
    }

    @Test(
        "required TLS never goes on in the clear, opportunistic does",
        arguments: [
            (SMTPTLSMode.required, "250 s\r\n", "", "fail tls_unavailable"),
            (.required, "250 STARTTLS\r\n", "", "fail tls_unavailable"),
            (.required, "250-s\r\n250 STARTTLS\r\n", "454 not now\r\n", "fail tls_unavailable"),
            (.opportunistic, "250 s\r\n", "", "ready"),
            (.opportunistic, "250-s\r\n250 STARTTLS\r\n", "454 not now\r\n", "ready"),
            (.off, "250-s\r\n250 STARTTLS\r\n", "", "ready"),
        ])
    func modes(mode: SMTPTLSMode, ehlo: String, answer: String, expected: String) {
        var dialogue = Dialogue(tls: mode)
        dialogue.server("220 hi\r\n")
        dialogue.server(ehlo)
        dialogue.server(answer)
        #expect(dialogue.log.contains(expected))
        #expect(dialogue.log.contains("ready") == (expected == "ready"))
    }

    static let credentials = SMTPCredentials(user: "user", password: "s3cret")

    @Test("credentials never travel in the clear unless that was asked for", arguments: [SMTPTLSMode.off, .opportunistic])
    func authInClear(mode: SMTPTLSMode) {
        var dialogue = Dialogue(tls: mode, credentials: Self.credentials)
        dialogue.server("220 hi\r\n")
        dialogue.server("250-s\r\n250 AUTH PLAIN\r\n")
        #expect(dialogue.log == ["> EHLO client.test", "fail authentication_in_clear configuration", "close"])
        dialogue = Dialogue(tls: mode, credentials: Self.credentials, authInClear: true)
        dialogue.server("220 hi\r\n")
        dialogue.server("250-s\r\n250 AUTH PLAIN\r\n")
        #expect(dialogue.log.last == "> AUTH PLAIN AHVzZXIAczNjcmV0")
    }

    @Test("PLAIN with or without initial response, LOGIN where nothing else is offered")
    func mechanisms() {
        func authenticated(_ offer: String, _ answers: String...) -> [String] {
            var dialogue = Dialogue(tls: .implicit, credentials: Self.credentials)
            dialogue.server("220 hi\r\n")
            dialogue.server("250-s\r\n250 \(offer)\r\n")
            for answer in answers { dialogue.server(answer + "\r\n") }
            return Array(dialogue.log.dropFirst())
        }
        #expect(authenticated("AUTH LOGIN PLAIN", "235 in") == ["> AUTH PLAIN AHVzZXIAczNjcmV0", "ready"])
        #expect(
            authenticated("AUTH PLAIN", "334 ", "235 in")
                == ["> AUTH PLAIN AHVzZXIAczNjcmV0", "> AHVzZXIAczNjcmV0", "ready"])
        #expect(
            authenticated("AUTH=LOGIN", "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 in")
                == ["> AUTH LOGIN", "> dXNlcg==", "> czNjcmV0", "ready"])
        #expect(authenticated("AUTH CRAM-MD5") == ["fail authentication_unavailable configuration", "close"])
        #expect(authenticated("HELP") == ["fail authentication_unavailable configuration", "close"])
        #expect(authenticated("AUTH PLAIN", "535 5.7.8 no").suffix(2) == ["fail authentication_failed configuration", "close"])
        #expect(authenticated("AUTH PLAIN", "454 4.7.0 later").suffix(2) == ["fail smtp_454_4.7.0", "close"])
        #expect(authenticated("AUTH PLAIN", "334 ", "334 more").suffix(1) == ["close"])
    }

    @Test("an access token is said by XOAUTH2 and by nothing else; its error challenge gets an empty line")
    func xoauth2() {
        // Google's documentation has this example.
        let token = SMTPCredentials(user: "someuser@example.com", accessToken: "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")
        let initial =
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
        func authenticated(_ offer: String, _ answers: String...) -> [String] {
            var dialogue = Dialogue(tls: .implicit, credentials: token)
            dialogue.server("220 hi\r\n")
            dialogue.server("250-s\r\n250 \(offer)\r\n")
            for answer in answers { dialogue.server(answer + "\r\n") }
            return Array(dialogue.log.dropFirst())
        }
        #expect(authenticated("AUTH PLAIN LOGIN XOAUTH2", "235 2.7.0 in") == ["> AUTH XOAUTH2 \(initial)", "ready"])
        #expect(authenticated("AUTH XOAUTH2", "334 ", "235 in") == ["> AUTH XOAUTH2 \(initial)", "> \(initial)", "ready"])
        #expect(
            authenticated("AUTH XOAUTH2", "334 eyJzdGF0dXMiOiI0MDEifQ==", "535 5.7.8 no")
                == ["> AUTH XOAUTH2 \(initial)", "fail authentication_failed configuration", "close"])
        #expect(authenticated("AUTH PLAIN LOGIN").last == "close" && authenticated("AUTH PLAIN LOGIN").count == 2)
        #expect(token.hidden(in: "no \(initial) for ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg") == "no *** for ***")
    }

    @Test("a server that repeats the password does not get it into the failure")
    func echo() throws {
        var session = SMTPSession(SMTPSessionConfiguration(hostname: "c", tls: .implicit, credentials: Self.credentials))
        session.received("220 hi\r\n250-s\r\n250 AUTH PLAIN\r\n535 5.7.8 bad s3cret AHVzZXIAczNjcmV0 czNjcmV0\r\n".utf8)
        var failure: SetupFailure?
        while let actions = session.step() { for case .fail(let found) in actions { failure = found } }
        #expect(try #require(failure).failure.detail == "535 5.7.8 bad *** *** ***")
        #expect(!"\(Self.credentials)\(String(reflecting: Self.credentials))".contains("s3cret"))
        #expect(!String(describing: session).contains("s3cret"))
    }
}
