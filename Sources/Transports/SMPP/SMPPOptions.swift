import Callbacks
import Domain
import Foundation
import NIOSSL

/// The options of an SMPP provider; README.md has the list.
struct SMPPOptions: Sendable {
    enum TLS: String, Sendable, CaseIterable { case off, required }
    /// Which binds an account has: transceivers, transmitters with as many receivers, or transmitters alone.
    enum Binding: String, Sendable, CaseIterable {
        case transceiver
        case transmitterAndReceiver = "transmitter_receiver"
        case transmitter

        var modes: [SMPPBindMode] {
            switch self {
            case .transceiver: [.transceiver]
            case .transmitterAndReceiver: [.transmitter, .receiver]
            case .transmitter: [.transmitter]
            }
        }
    }

    var provider: String
    var window: Int
    var host: String
    var port: Int
    var tls: TLS
    var caFile: String?
    var serverName: String
    var certificateFile: String?
    var keyFile: String?
    var systemID: String
    var passwordFile: String?
    var systemType: String
    var addressRange: String
    var binding: Binding
    /// Binds that take submits; as many receivers beside them where they are apart.
    var binds: Int
    var mostBinds: Int { binds * binding.modes.count }
    /// Several workers share the account's binds (`max_connections`).
    let sharesBinds: Bool
    /// Unanswered submit_sm of one bind.
    var bindWindow: Int
    var enquireAfter: Duration
    var enquireTimeout: Duration
    var bindTimeout: Duration
    var connectTimeout: Duration
    var account: SMPPAccount
    /// Octets that a peer may leave unread before it is not listened to; far above what a window holds.
    var unreadLimit = 4 << 20

    /// - Throws: `ProviderError`.
    init(_ policy: ProviderPolicy) throws {
        var options = ProviderOptions(policy)
        provider = policy.name
        window = policy.window
        host = try options.required("host", remedy: "name the carrier's SMPP server")
        tls = try options.choice("tls", default: .required)
        port = try options.number("port", default: tls == .off ? 2775 : 3550, in: 1...65535)
        caFile = options.text("tls_ca_file")
        serverName = options.text("tls_server_name") ?? host
        certificateFile = options.text("tls_certificate_file")
        keyFile = options.text("tls_key_file")
        systemID = try options.required("system_id", remedy: "name the account at the carrier")
        passwordFile = options.text("password_file")
        systemType = options.text("system_type") ?? ""
        addressRange = options.text("address_range") ?? ""
        binding = try options.choice("bind", default: .transceiver)
        sharesBinds = policy.maxConnections != nil
        binds = try options.number("binds", default: 1, in: 1...100)
        bindWindow = try options.number("bind_window", default: (policy.window + binds - 1) / binds, in: 1...10_000)
        enquireAfter = try options.duration("enquire_link", default: .seconds(30), in: .milliseconds(10) ... .seconds(3600))
        enquireTimeout = try options.duration(
            "enquire_link_timeout", default: .seconds(10), in: .milliseconds(10) ... .seconds(300))
        bindTimeout = try options.duration("bind_timeout", default: .seconds(30), in: .milliseconds(10) ... .seconds(300))
        connectTimeout = try options.duration("connect_timeout", default: .seconds(10), in: .milliseconds(1) ... .seconds(300))
        account = try Self.account(&options)
        try checkTogether(options)
        try options.finish()
    }

    private static func account(_ options: inout ProviderOptions) throws -> SMPPAccount {
        var account = SMPPAccount()
        account.serviceType = options.text("service_type") ?? ""
        account.sourceTON = try options.octet("source_ton")
        account.sourceNPI = try options.octet("source_npi")
        account.destinationTON = try options.octet("destination_ton") ?? 1
        account.destinationNPI = try options.octet("destination_npi") ?? 1
        account.alphabet = try options.choice("alphabet", default: .gsm7)
        account.longText = try options.choice("long_text", default: .udh8)
        account.receipts = try options.choice("receipts", default: .final)
        account.receiptParts = try options.choice("receipt_parts", default: .every)
        account.intermediateReceipts = try options.flag("intermediate_receipts")
        account.validity = try options.choice("validity", default: .relative)
        account.maximumValidity = try options.duration(
            "maximum_validity", default: .seconds(72 * 3600), in: .seconds(1) ... .seconds(30 * 86_400))
        do { account.receiptStates = try CallbackStateRule.parse(options.text("receipt_states") ?? "") } catch {
            throw options.bad("receipt_states", error.line, error.remedy)
        }
        if let text = options.text("statuses") {
            do { account.statuses = try SMPPClassification.overrides(text) } catch {
                let classes = SMPPStatusClass.allCases.map(\.rawValue).joined(separator: ", ")
                throw options.bad(
                    "statuses", text, "\"\(error.entry)\" is not STATUS=CLASS, such as 0x0b=gone; classes are \(classes)")
            }
        }
        return account
    }

    /// Lengths of the standard (4.1.1), but system_id and password may be longer than its 15 and 8: carriers give such ones out.
    private func checkTogether(_ options: ProviderOptions) throws {
        let fields = [
            ("host", host, 255), ("system_id", systemID, 64), ("system_type", systemType, 12),
            ("address_range", addressRange, 40),
            ("service_type", account.serviceType, 5),
        ]
        for (name, value, limit) in fields {
            guard value.utf8.count <= limit, value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw options.bad(name, value, "use at most \(limit) characters of ASCII, without spaces")
            }
        }
        if certificateFile != nil, keyFile == nil {
            throw ProviderError.missingOption(
                provider: provider, option: "tls_key_file", remedy: "tls_certificate_file needs its private key")
        }
        if certificateFile == nil, let keyFile {
            throw options.bad("tls_key_file", keyFile, "it needs tls_certificate_file, too")
        }
        if tls == .off, let file = caFile ?? certificateFile {
            throw options.bad(caFile == nil ? "tls_certificate_file" : "tls_ca_file", file, "it is of no use with tls: off")
        }
    }

    /// A session's part, with the password as the file has it now.
    /// - Throws: `ProviderError`.
    func session(_ mode: SMPPBindMode) throws -> SMPPSessionConfiguration {
        var session = SMPPSessionConfiguration(
            mode: mode, window: bindWindow, enquireAfter: enquireAfter, enquireTimeout: enquireTimeout, bindTimeout: bindTimeout)
        session.bind = SMPPBind(systemID: systemID, systemType: systemType, addressRange: SMPPAddress(digits: addressRange))
        guard let passwordFile else { return session }
        do {
            let password = try String(contentsOfFile: passwordFile, encoding: .utf8).trimmingCharacters(in: .newlines)
            session.bind.password = password
        } catch {
            throw ProviderError.file(
                provider: provider, option: "password_file", path: passwordFile, cause: error.localizedDescription)
        }
        guard session.bind.password.utf8.count <= 64, session.bind.password.utf8.allSatisfy({ $0 < 0x80 && $0 > 0 }) else {
            throw ProviderError.file(
                provider: provider, option: "password_file", path: passwordFile,
                cause: "a password has at most 64 characters of ASCII")
        }
        return session
    }

    /// TLS with verification of chain and name, always.
    /// - Throws: `ProviderError`.
    func tlsContext() throws -> NIOSSLContext? {
        guard tls == .required else { return nil }
        var configuration = TLSConfiguration.verifying(caFile: caFile)
        if let certificateFile, let keyFile {
            do {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificateFile).map { .certificate($0) }
            } catch {
                throw ProviderError.file(
                    provider: provider, option: "tls_certificate_file", path: certificateFile, cause: "\(error)")
            }
            do {
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem))
            } catch {
                throw ProviderError.file(provider: provider, option: "tls_key_file", path: keyFile, cause: "\(error)")
            }
        }
        return try configuration.context(provider: provider, caFile: caFile)
    }
}

extension ProviderOptions {
    fileprivate mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, default missing: Choice) throws
        -> Choice where Choice.RawValue == String
    {
        guard let value = text(name) else { return missing }
        guard let choice = Choice(rawValue: value) else {
            throw bad(name, value, "use \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    fileprivate mutating func octet(_ name: String) throws -> UInt8? {
        let number = try number(name, default: -1, in: 0...255)
        return number < 0 ? nil : UInt8(number)
    }
}
