import CLibPQ
import Glibc
import Synchronization

/// One address to try: libpq's keywords and values for it, and its name for errors.
struct ConnectionTarget: Sendable, Equatable {
    var label: String
    var keywords: [String: String]

    /// Every address to try, in order. libpq would take several at once, but only we can give each its own deadline, and libpq would
    /// look names up on the loop's thread.
    static func all(_ options: ConnectionOptions, on loop: PQLoop) async throws -> [ConnectionTarget] {
        var targets: [ConnectionTarget] = []
        var unresolved: [String] = []
        for target in try hosts(options) {
            guard target.keywords["hostaddr"] == nil, let host = target.keywords["host"], !isPath(host) else {
                targets.append(target)
                continue
            }
            let addresses = await resolve(host, within: options.connectTimeout, on: loop)
            if addresses.isEmpty { unresolved.append("\(host): no address found") }
            for address in addresses {
                var found = target
                found.keywords["hostaddr"] = address
                if address != host { found.label += " (\(address))" }
                targets.append(found)
            }
        }
        guard !targets.isEmpty else { throw PQError.connectFailed(reasons: unresolved) }
        return secondRound(targets)
    }

    /// `prefer-standby` means: any standby of the list, then anything.
    private static func secondRound(_ targets: [ConnectionTarget]) -> [ConnectionTarget] {
        guard targets.first?.keywords["target_session_attrs"] == "prefer-standby" else { return targets }
        return ["standby", "any"].flatMap { wanted in
            targets.map { target in
                var target = target
                target.keywords["target_session_attrs"] = wanted
                return target
            }
        }
    }

    /// The hosts of the connection string and the environment, with our defaults filled in; names not yet looked up.
    static func hosts(_ options: ConnectionOptions) throws -> [ConnectionTarget] {
        var given = try parse(options.conninfo)
        if let password = options.password { given["password"] = password }
        given["client_encoding"] = "UTF8"
        if !options.applicationName.isEmpty { given["fallback_application_name"] = options.applicationName }
        if given["target_session_attrs"] == nil, environment("PGTARGETSESSIONATTRS") == nil {
            given["target_session_attrs"] = "read-write"
        }
        let names = list(given["host"] ?? environment("PGHOST"))
        let addresses = list(given["hostaddr"] ?? environment("PGHOSTADDR"))
        let ports = list(given["port"] ?? environment("PGPORT"))
        let total = max(names.count, addresses.count)
        // A service file may name the host: then it must name the sslmode too.
        if total == 0 { return [ConnectionTarget(label: given["service"] ?? "the default socket", keywords: given)] }
        guard ports.count <= 1 || ports.count == total, addresses.isEmpty || names.isEmpty || addresses.count == names.count
        else {
            throw PQError.misuse("connection string: as many ports and addresses as hosts, please (\(total) hosts)")
        }
        return (0..<total).map { index in
            var keywords = given
            keywords["host"] = names.isEmpty ? nil : names[index]
            keywords["hostaddr"] = addresses.isEmpty || addresses[index].isEmpty ? nil : addresses[index]
            if !ports.isEmpty { keywords["port"] = ports.count == 1 ? ports[0] : ports[index] }
            let host = keywords["host"] ?? keywords["hostaddr"] ?? ""
            secure(&keywords, host)
            return ConnectionTarget(label: "\(host):\(keywords["port"] ?? "5432")", keywords: keywords)
        }
    }

    /// Without this libpq would fall back to plain text when the server, or someone in between, refuses TLS.
    private static func secure(_ keywords: inout [String: String], _ host: String) {
        guard keywords["sslmode"] == nil, environment("PGSSLMODE") == nil, !isLocal(host) else { return }
        keywords["sslmode"] = "verify-full"
        let system = "/etc/ssl/certs/ca-certificates.crt"
        let own = (environment("HOME") ?? "") + "/.postgresql/root.crt"
        if keywords["sslrootcert"] == nil, environment("PGSSLROOTCERT") == nil, access(own, R_OK) != 0, access(system, R_OK) == 0
        {
            keywords["sslrootcert"] = system
        }
    }

    static func isLocal(_ host: String) -> Bool {
        host.isEmpty || isPath(host) || host == "localhost" || host == "::1" || (host.hasPrefix("127.") && isNumeric(host))
    }

    private static func isPath(_ host: String) -> Bool { host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@") }
    private static func isNumeric(_ host: String) -> Bool { host.utf8.allSatisfy { $0 == 46 || ($0 >= 48 && $0 <= 57) } }
    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static func list(_ text: String?) -> [String] {
        guard let text, !text.isEmpty else { return [] }
        return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    private static func parse(_ conninfo: String) throws -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let parsed = PQconninfoParse(conninfo, &message) else {
            // libpq quotes what it could not read, which may be a password.
            let reason = message.map { String(cString: $0) } ?? "out of memory"
            PQfreemem(message)
            let parts = reason.split(separator: "\"", omittingEmptySubsequences: false)
            let safe = parts.enumerated().map { $0.offset % 2 == 0 ? String($0.element) : "…" }.joined(separator: "\"")
            throw PQError.misuse("connection string: \(safe.trimmed)")
        }
        defer { PQconninfoFree(parsed) }
        var values: [String: String] = [:]
        var option = parsed
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return values
    }
}

extension ConnectionTarget {
    /// `getaddrinfo` blocks, perhaps for long: it gets a thread of its own, and the deadline only stops waiting for it.
    static func resolve(_ host: String, within timeout: Duration, on loop: PQLoop) async -> [String] {
        let shared = Lookup()
        return await withCheckedContinuation { continuation in
            shared.waiter.withLock { $0 = continuation }
            spawnThread(name: "pq-lookup") { shared.answer(addresses(of: host)) }
            loop.perform {
                let timer = LoopTimer { shared.answer([]) }
                loop.addOnce(timer, at: monotonicNow() + timeout.nanoseconds)
            }
        }
    }

    private final class Lookup: Sendable {
        let waiter = Mutex<CheckedContinuation<[String], Never>?>(nil)
        func answer(_ addresses: [String]) {
            let first = waiter.withLock { waiter in
                defer { waiter = nil }
                return waiter
            }
            first?.resume(returning: addresses)
        }
    }

    private static func addresses(of host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &found) == 0 else { return [] }
        defer { freeaddrinfo(found) }
        var addresses: [String] = []
        var next = found
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let status = getnameinfo(
                entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            if status == 0 { addresses.append(text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }) }
            next = entry.ai_next
        }
        return addresses
    }
}

extension String {
    /// Without the white space and line ends that libpq puts after its messages, on one line.
    var trimmed: String {
        split(whereSeparator: \.isNewline).map { line in
            String(line.drop(while: \.isWhitespace))
        }.joined(separator: " ")
    }
}
