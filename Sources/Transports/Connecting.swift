import Callbacks
import NIOCore
import NIOPosix
import NIOSSL

extension ClientBootstrap {
    /// For connections on which nothing is read before `begin`; several addresses may be tried, one channel each.
    static func unread(on group: any EventLoopGroup, timeout: Duration) -> ClientBootstrap {
        ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(timeout))
            .channelOption(.autoRead, value: false)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
    }

    /// An address needs no resolver, whose one thread per event loop may be waiting for somebody else's name server.
    func dial(_ host: String, _ port: Int) -> EventLoopFuture<any NIOCore.Channel> {
        do {
            return connect(to: try SocketAddress(ipAddress: host, port: port))
        } catch {
            // It is a name.
            return connect(host: host, port: port)
        }
    }
}

extension NIOCore.Channel {
    /// Puts the handlers in and begins to read; on the channel's event loop.
    /// - Parameter tls: nil: no handshake now.
    func begin(_ handlers: any ChannelHandler..., tls: NIOSSLContext?, serverName: String) throws {
        if let tls { try pipeline.syncOperations.addHandler(try NIOSSLClientHandler(tls, name: serverName)) }
        try pipeline.syncOperations.addHandlers(handlers)
        try syncOptions?.setOption(.autoRead, value: true)
    }
}

extension NIOSSLClientHandler {
    /// SNI and verification by name; for an address, verification against the addresses in the certificate.
    convenience init(_ context: NIOSSLContext, name: String) throws {
        let isAddress: Bool
        do {
            _ = try SocketAddress(ipAddress: name, port: 0)
            isAddress = true
        } catch {
            // Throwing is how NIO says that it is a name.
            isAddress = false
        }
        try self.init(context: context, serverHostname: isAddress ? nil : name)
    }
}

extension TLSConfiguration {
    /// What every provider gets: TLS 1.2 at least, certificate and name verified.
    static func verifying(caFile: String?) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = .fullVerification
        if let caFile { configuration.trustRoots = .file(caFile) }
        return configuration
    }

    /// - Throws: `ProviderError`, naming the file of CAs.
    func context(provider: String, caFile: String?) throws(ProviderError) -> NIOSSLContext {
        do { return try NIOSSLContext(configuration: self) } catch {
            throw .file(provider: provider, option: "tls_ca_file", path: caFile ?? "the system's CAs", cause: "\(error)")
        }
    }
}
