import Domain
import Foundation
import Glibc
import Testing

@testable import Transports

@Suite("What is given back unwritten says why", .timeLimit(.minutes(1)))
struct RetractTests {
    /// A port where connections stand and no peer says anything.
    private final class Silent: Sendable {
        let descriptor: Int32
        let port: Int

        init() throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let descriptor = descriptor
            let result = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { socket in
                    bind(descriptor, socket, length) + listen(descriptor, 16) + getsockname(descriptor, socket, &length)
                }
            }
            try #require(result == 0)
            port = Int(UInt16(bigEndian: address.sin_port))
        }
        deinit { close(descriptor) }
    }

    private func transport(_ kind: String, _ port: Int) throws -> any Transport {
        let own = [
            "smtp": ["host": "127.0.0.1", "port": "\(port)", "tls": "off"],
            "smpp": ["host": "127.0.0.1", "port": "\(port)", "tls": "off", "system_id": "shop"],
            // A handshake that never ends.
            "http": [
                "url": "https://127.0.0.1:\(port)/", "allow_private": "true", "body": "{\"to\": \"{to}\", \"t\": \"{text}\"}",
            ],
        ]
        return try TransportFactory.make(
            ProviderPolicy(name: "p", transport: kind, channels: [.sms, .email], options: own[kind] ?? [:]))
    }

    @Test(
        "neither a circuit that opened nor other settings are called a worker that stops, and the other way round",
        arguments: ["http", "smtp", "smpp"])
    func words(kind: String) async throws {
        let silent = try Silent()
        for (why, drains) in [
            ("its provider's circuit opened (silent)", false), ("its provider has other settings now", true), (nil, true),
        ] {
            let transport = try transport(kind, silent.port)
            let collector = Collector()
            let one = kind == "smtp" ? mail(.init(subject: "s", text: "t")) : submission()
            transport.submit([one]) { collector.take($0) }
            switch (why, drains) {
            case (let why?, false): transport.retract(why)
            case (let why?, true): await transport.drain(why)
            case (nil, _): await transport.drain()
            }
            let results = await collector.wait(for: 1)
            #expect(results.map(\.outcome) == [.deferred(why.map { .notSent($0) } ?? .stopping)])
            #expect(results[0].outcome.failure?.detail == "\(why ?? "the worker is stopping"); nothing was written")
        }
    }
}
