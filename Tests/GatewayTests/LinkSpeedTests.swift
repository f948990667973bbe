import Domain
import Foundation
import PipelineSupport
import TestSupport
import Testing
import Transports

@testable import Callbacks

extension Gateways {
    @Suite(
        "How many clicks a second", .enabled(if: ProcessInfo.processInfo.environment["MARTLET_MEASURE"] != nil),
        .timeLimit(.minutes(5)))
    struct LinkSpeedTests {
        /// 64 connections that are kept, each of which asks for one link after the other; by one Python process.
        private static let client = """
            import asyncio, sys, time
            port, seconds, paths = int(sys.argv[1]), float(sys.argv[2]), open(sys.argv[3]).read().split()
            times, wrong = [], 0
            async def visit(start):
                global wrong
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                at, until = start, time.monotonic() + seconds
                while time.monotonic() < until:
                    began = time.monotonic()
                    writer.write(b"GET %s HTTP/1.1\\r\\nHost: s\\r\\nUser-Agent: Mozilla/5.0 (iPhone) Safari/604.1\\r\\n\\r\\n" % paths[at % len(paths)].encode())
                    head = await reader.readuntil(b"\\r\\n\\r\\n")
                    wrong += not head.startswith(b"HTTP/1.1 302")
                    times.append(time.monotonic() - began)
                    at += 64
                writer.close()
            async def main(): await asyncio.gather(*[visit(n) for n in range(64)])
            asyncio.run(main())
            times.sort()
            print(f"{len(times) / seconds:.0f} clicks/s, p50 {times[len(times) // 2] * 1000:.1f} ms, p99 {times[len(times) * 99 // 100] * 1000:.1f} ms, {wrong} wrong")
            """

        @Test("clicks on 20,000 messages' links: redirected, written down, judged")
        func speed() async throws {
            try await LinkShop.with { bench in
                let shop = bench.shop
                try await shop.enqueueMany("marketing", count: 20_000)
                let target = "https://shop.example/sale"
                try await shop.script(
                    """
                    insert into martlet_data.message_links select id, array['\(target)'], now() + interval '1 day' from martlet_data.messages;
                    insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
                        select id, 1, 'sandbox', 1, now() - interval '1 minute', now(), 1, 1 from martlet_data.messages;
                    """)
                let secret = try LinkSecret(path: bench.secretFile)
                let paths = try await shop.texts("select id::text from martlet_data.messages").compactMap { Int64($0) }.map {
                    "/c/" + secret.clickToken(MessageID($0), target: target)
                }
                let file = "\(shop.directory)/paths"
                try paths.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
                // MARTLET_MEASURE=1: the debug build; or the path of another.
                let measured = ProcessInfo.processInfo.environment["MARTLET_MEASURE"] ?? "1"
                let gateway = try await GatewayProgram.start(in: shop, binary: measured == "1" ? GatewayProgram.path : measured)
                let report = try await runProcess([PythonTool.interpreter, "-c", Self.client, "\(gateway.port)", "10", file])
                print(report)
                #expect(report.contains(" 0 wrong"))
                try await eventually(within: .seconds(60), poll: .milliseconds(200), "all are judged") {
                    try await shop.number("select count(*) from martlet_data.link_visits") == 0
                }
                print(try await shop.number("select count(*) from martlet_data.receipts where kind = 'clicked'"), "clicked")
                try await gateway.stop()
            }
        }
    }
}
