import Domain
import Foundation
import NIOSSL

/// The options of an SMTP provider; README.md has the list.
struct SMTPOptions: Sendable {
    var provider: String
    var window: Int
    /// Longest wait for a step of the connection's set-up.
    var timeout: Duration
    var host: String
    var port: Int
    var tls: SMTPTLSMode
    var caFile: String?
    /// The name that the certificate must have; the host unless told otherwise.
    var serverName: String
    var user: String?
    var passwordFile: String?
    /// An access token for XOAUTH2, kept fresh by somebody else.
    var tokenFile: String?
    var authInClear: Bool
    /// What EHLO says.
    var hostname: String
    var connections: Int
    /// Several workers share them (`max_connections`).
    let sharesConnections: Bool
    var messagesPerConnection: Int
    var idleClose: Duration
    var connectTimeout: Duration
    /// Envelope sender; nil: the address of the From header.
    var returnPath: Mailbox?
    /// nil: the sender's domain.
    var messageIDDomain: String?
    /// nil: DSN is not used.
    var notifications: SMTPNotifications?
    var pipelining: SMTPPipelining
    /// Empty: nothing is signed here.
    var dkim: [DKIMRule] = []
    /// nil: `returnPath`, the same for all.
    var verp: SMTPReturnPath?
    /// nil: no List-Unsubscribe but the message's own.
    var unsubscribe: SMTPUnsubscribe?

    /// - Throws: `TransportError`.
    init(_ policy: ProviderPolicy) throws {
        var options = TransportOptions(policy)
        provider = policy.name
        window = policy.window
        timeout = policy.timeout
        host = try options.required("host", remedy: "name the mail server")
        guard host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw options.bad("host", host, "use a host name or an address")
        }
        let mode = options.text("tls") ?? SMTPTLSMode.required.rawValue
        guard let tls = SMTPTLSMode(rawValue: mode) else {
            throw options.bad("tls", mode, "use \(SMTPTLSMode.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.tls = tls
        port = try options.number("port", default: tls == .implicit ? 465 : 587, in: 1...65535)
        caFile = options.text("tls_ca_file")
        serverName = options.text("tls_server_name") ?? host
        user = options.text("user")
        passwordFile = options.text("password_file")
        tokenFile = options.text("token_file")
        authInClear = try options.flag("auth_in_clear")
        hostname = options.text("hostname") ?? ProcessInfo.processInfo.hostName
        sharesConnections = policy.maxConnections != nil
        connections = try options.number("connections", default: 2, in: 1...100)
        messagesPerConnection = try options.number("messages_per_connection", default: 100, in: 1...1_000_000)
        idleClose = try options.duration("idle_close", default: .seconds(30), in: .milliseconds(1) ... .seconds(300))
        connectTimeout = try options.duration("connect_timeout", default: .seconds(10), in: .milliseconds(1) ... .seconds(300))
        returnPath = try Self.mailbox("return_path", &options)
        messageIDDomain = try Self.domain("message_id_domain", &options)
        let notify = options.text("dsn_notify") ?? "failure"
        notifications = SMTPNotifications(notify)
        if notifications == nil, notify != "off" {
            throw options.bad("dsn_notify", notify, "use off, never, or some of success, failure and delay")
        }
        let ahead = options.text("pipelining") ?? SMTPPipelining.envelope.rawValue
        guard let pipelining = SMTPPipelining(rawValue: ahead) else {
            throw options.bad("pipelining", ahead, "use \(SMTPPipelining.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.pipelining = pipelining
        if let text = options.text("dkim") {
            guard let rules = DKIMRule.parse(text) else {
                throw options.bad(
                    "dkim", text, "write: domain selector path; …, such as example.com s2026 /etc/martlet/s2026.pem")
            }
            dkim = rules
        }
        unsubscribe = try SMTPUnsubscribe(&options)
        verp = try SMTPReturnPath(&options)
        try checkTogether(options)
        try options.finish()
    }

    private func checkTogether(_ options: TransportOptions) throws {
        guard hostname.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), (1...255).contains(hostname.utf8.count) else {
            throw options.bad("hostname", hostname, "use this machine's name, in ASCII and without spaces")
        }
        if user != nil, passwordFile == nil, tokenFile == nil {
            throw TransportError.missingOption(
                provider: provider, option: "password_file",
                remedy: "user needs a file with the password, or token_file with an access token")
        }
        if verp != nil, let returnPath { throw options.bad("return_path", returnPath.address, "use either return_path or verp") }
        if user == nil, let passwordFile { throw options.bad("password_file", passwordFile, "it needs user, too") }
        if user == nil, let tokenFile { throw options.bad("token_file", tokenFile, "it needs user, too") }
        if passwordFile != nil, let tokenFile {
            throw options.bad("token_file", tokenFile, "use either password_file or token_file")
        }
        if user != nil, tls == .off, !authInClear {
            throw options.bad("tls", tls.rawValue, "credentials would travel in the clear: use required, or auth_in_clear: true")
        }
    }

    private static func mailbox(_ name: String, _ options: inout TransportOptions) throws -> Mailbox? {
        guard let text = options.text(name) else { return nil }
        do { return try Mailbox(text) } catch { throw options.bad(name, text, "use an address of the form local@domain") }
    }

    private static func domain(_ name: String, _ options: inout TransportOptions) throws -> String? {
        guard let text = options.text(name) else { return nil }
        do { return try Mailbox.ascii(domain: text) } catch { throw options.bad(name, text, "use a domain such as example.com") }
    }

    /// The session's part, with the password as the file has it now.
    /// - Throws: `TransportError`.
    func session() throws -> SMTPSessionConfiguration {
        var session = SMTPSessionConfiguration(
            hostname: hostname, tls: tls, authInClear: authInClear, notifications: notifications, pipelining: pipelining)
        guard let user else { return session }
        if let passwordFile {
            session.credentials = SMTPCredentials(user: user, password: try secret("password_file", passwordFile))
        } else if let tokenFile {
            session.credentials = SMTPCredentials(user: user, accessToken: try secret("token_file", tokenFile))
        }
        return session
    }

    private func secret(_ option: String, _ path: String) throws -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .newlines)
        } catch {
            throw TransportError.file(provider: provider, option: option, path: path, cause: Self.cause(error))
        }
    }

    /// TLS with verification of chain and name, always.
    /// - Throws: `TransportError`.
    func tlsContext() throws -> NIOSSLContext? {
        guard tls != .off else { return nil }
        return try TLSConfiguration.verifying(caFile: caFile).context(provider: provider, caFile: caFile)
    }

    /// - Throws: `TransportError`.
    func tokenSecret(_ option: String, _ path: String) throws -> TokenSecret {
        do { return try TokenSecret(path: path) } catch {
            throw TransportError.file(provider: provider, option: option, path: path, cause: "\(error)")
        }
    }

    /// The system's reason, where it gave one.
    static func cause(_ error: any Error) -> String {
        guard let cause = (error as? CocoaError)?.underlying else { return error.localizedDescription }
        let system = cause as NSError
        return system.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32(system.code))) : "\(cause)"
    }
}
