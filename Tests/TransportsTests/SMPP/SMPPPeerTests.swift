import Domain
import Foundation
import ProviderSupport
import Testing

@testable import Callbacks
@testable import Transports

/// smpp34 (PyPI) as a carrier: accepts, refuses `+44700…` with 0x0B, and sends a receipt for whatever it accepts.
enum SMPP34 {
    static let program = """
        import asyncio, json, sys, smpp34
        async def receipt(esme, event, id):
            text = f"id:{id} sub:001 dlvrd:001 submit date:2611221530 done date:2611221531 stat:DELIVRD err:000 text:x".encode()
            answer = await esme.deliver_sm(event.source_addr, text, source_addr=event.destination_addr, esm_class=4)
            print(json.dumps({"receipt": id, "status": answer.command_status}))
        async def main():
            server = smpp34.Server("127.0.0.1", int(sys.argv[1]), system_id="smpp34")
            await server.start()
            sessions, tasks, count = {}, [], 0
            while True:
                event = await server.next()
                if isinstance(event, smpp34.Esme):
                    sessions[event.session_id] = event
                    print(json.dumps({"bound": event.system_id}))
                elif isinstance(event, smpp34.SubmitSmEvent):
                    print(json.dumps({
                        "to": event.destination_addr, "from": event.source_addr, "ton": event.source_addr_ton,
                        "coding": event.data_coding, "esm": event.esm_class, "receipt": event.registered_delivery,
                        "text": event.short_message.hex(), "tlvs": {str(t.tag): t.value.hex() for t in event.tlvs}}))
                    if event.destination_addr.startswith("44700"):
                        event.reject(smpp34.ESME_RINVDSTADR)
                    else:
                        count += 1
                        event.accept(f"m{count}")
                        if event.registered_delivery & 1:
                            tasks.append(asyncio.ensure_future(receipt(sessions[event.session_id], event, f"m{count}")))
                else:
                    print(json.dumps({"unbound": True}))
        asyncio.run(main())
        """

    static func start() async throws -> TestServer {
        try await TestServer(Programs.python) { port, _ in ["-u", "-c", program, "\(port)"] }
    }

    struct Line: Decodable {
        var to: String?
        var from: String?
        var ton: Int?
        var coding: Int?
        var esm: Int?
        var text: String?
        var tlvs: [String: String]?
        var bound: String?
        var unbound: Bool?
        var status: Int?
    }

    static func lines(_ server: TestServer) throws -> [Line] {
        // The last one may be half written.
        try server.log().split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
    }
}

@Suite("SMPP against smpp34", .serialized, .timeLimit(.minutes(2)))
struct SMPPPeerTests {
    @Test("smpp34 takes the bind, accepts, refuses, and its receipts come back and are answered")
    func happyPath() async throws {
        let server = try await SMPP34.start()
        let log = EventLog()
        let transport = try smpp(port: server.port, window: 50, events: log)
        let results = await transport.answers(
            (1...40).map { sms("hello \($0)", id: $0, to: $0 == 7 ? "+447001" : "+4479000\($0)") })
        #expect(results.filter { $0.outcome.name == "accepted" }.count == 39)
        #expect(shown([results[6]]) == ["rejected smpp_0x0b"])
        try await eventually("39 receipts") { log.receipts.count == 39 }
        let references = results.compactMap { if case .accepted(let id) = $0.outcome { id } else { nil } }
        #expect(Set(log.receipts.compactMap(\.id)) == Set(references))
        #expect(log.receipts.allSatisfy { $0.state == .delivered && $0.isFinal && $0.done?.minute == 31 })
        await transport.drain()
        try await eventually("39 answered receipts, and the unbind") {
            let lines = try SMPP34.lines(server)
            return lines.filter { $0.status == 0 }.count == 39 && lines.contains { $0.unbound == true }
        }
        #expect(try SMPP34.lines(server).first { $0.bound != nil }?.bound == "me")
    }

    @Test("smpp34 reads the texts as they were meant: alphabets, headers, sar parameters, payload")
    func texts() async throws {
        let server = try await SMPP34.start()
        let long = String(repeating: "好", count: 71)
        for way in ["udh8", "udh16", "sar", "payload"] {
            let transport = try smpp(port: server.port, ["long_text": way, "receipts": "none", "bind_window": "1"])
            let results = await transport.answers([sms("a@€", id: 1, to: "+441"), sms(long, id: 2, to: "+442")])
            #expect(results.allSatisfy { $0.outcome.name == "accepted" })
            await transport.drain()
        }
        try await eventually("eleven texts") { try SMPP34.lines(server).count { $0.to != nil } == 11 }
        let lines = try SMPP34.lines(server).filter { $0.to != nil }
        let short = lines.filter { $0.to == "441" }
        #expect(short.count == 4 && short.allSatisfy { $0.text == "61001b65" && $0.coding == 0 && $0.esm == 0 && $0.ton == 5 })
        let parts = lines.filter { $0.to == "442" }
        #expect(parts.map { $0.esm ?? -1 } == [0x40, 0x40, 0x40, 0x40, 0, 0, 0] && parts.allSatisfy { $0.coding == 8 })
        try #require(parts.count == 7)
        #expect(parts[0].text?.hasPrefix("050003") == true && parts[0].text?.utf8.count == 2 * 140)
        // 67 units leave no room for the longer header: the 8-bit one holds them together.
        #expect(parts[2].text?.hasPrefix("050003") == true)
        #expect(parts[4].tlvs?["526"] == "02" && parts[4].tlvs?["527"] == "01" && parts[5].tlvs?["527"] == "02")
        #expect(parts[4].tlvs?["524"] == parts[5].tlvs?["524"])
        #expect(parts[6].tlvs?["1060"] == String(repeating: "597d", count: 71) && parts[6].text == "")
    }
}
