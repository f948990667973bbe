import Domain
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#endif

/// The steps to an open connection, each with its own sentence.
struct Dialling: Sendable {
    var host: String
    var port: Int
    var timeout: Duration

    /// The addresses of the host, at most 16.
    /// - Throws: `ProbeTrouble`.
    func resolve() async throws -> [SocketAddress] {
        if let literal = PublicAddress.literal(host), let ip = literal.ipAddress {
            return [try SocketAddress(ipAddress: ip, port: port)]
        }
        let found = try await NIOThreadPool.singleton.runIfActive { [host, port] in Self.addresses(host, port) }
        switch found {
        case .success(let addresses): return addresses
        case .failure(let trouble): throw trouble
        }
    }

    private static func addresses(_ host: String, _ port: Int) -> Result<[SocketAddress], ProbeTrouble> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            let isTemporary = code == EAI_AGAIN
            return .failure(
                ProbeTrouble(
                    "\(host) has no address: \(String(cString: gai_strerror(code)))",
                    isTemporary
                        ? "The name server does not answer: check /etc/resolv.conf and the network." : "Correct the host name."))
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next, addresses.count < 16 {
            var text = [CChar](repeating: 0, count: 1025)
            if getnameinfo(entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, 1025, nil, 0, NI_NUMERICHOST) == 0 {
                let ip = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                do { addresses.append(try SocketAddress(ipAddress: ip, port: port)) } catch {
                    // An address with a scope, link-local: no mail server is there.
                }
            }
            next = entry.pointee.ai_next
        }
        return addresses.isEmpty
            ? .failure(ProbeTrouble("\(host) has no address that can be used", "Correct the host name.")) : .success(addresses)
    }

    /// A connection to the first address that answers; nothing is read before `begin`.
    /// - Throws: `ProbeTrouble`.
    func connect(_ addresses: [SocketAddress]) async throws -> any NIOCore.Channel {
        var troubles: [ProbeTrouble] = []
        for address in addresses {
            do {
                return try await ClientBootstrap.unread(on: MultiThreadedEventLoopGroup.singleton, timeout: timeout)
                    .connect(to: address).get()
            } catch {
                troubles.append(trouble(error, address))
            }
        }
        // One that is refused says more than one that is not routed at all.
        throw troubles.first { $0.detail.contains("refused") } ?? troubles.first
            ?? ProbeTrouble("\(host) has no address", "Correct the host name.")
    }

    private func trouble(_ error: any Error, _ address: SocketAddress) -> ProbeTrouble {
        let place = "\(address.ipAddress ?? host) port \(port)"
        if case ChannelError.connectTimeout = error {
            return ProbeTrouble(
                "\(place) does not answer within \(timeout): the port is blocked, or the machine is not there",
                "Check host and port; ask the people who run the firewalls on both sides to let this machine connect to port \(port)."
                    + (port == 25 ? " Most clouds block port 25: use 587 or 465." : ""))
        }
        switch (error as? IOError)?.errnoCode {
        case ECONNREFUSED:
            return ProbeTrouble(
                "\(place) refused the connection: the machine is there, and nothing listens on this port",
                "Correct the port, or start the server; a firewall may refuse on its behalf.")
        case ENETUNREACH, EHOSTUNREACH:
            return ProbeTrouble("\(place) cannot be reached: there is no route", "Check this machine's network and the address.")
        case EACCES, EPERM:
            return ProbeTrouble("\(place): this machine does not permit the connection", "Look at its own firewall.")
        default: return ProbeTrouble("\(place): \(error)", "Check host and port.")
        }
    }
}

extension NIOCore.Channel {
    /// Closes it; what could go wrong with that has no consequence.
    func closeQuietly() async {
        do { try await close().get() } catch {}  // Closing twice or a reset: it is gone either way.
    }
}
