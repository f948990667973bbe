import CarrierSupport
import Domain
import Foundation
import NIOConcurrencyHelpers
import ProviderSupport
import Testing

@testable import Transports

/// A pcap file of one TCP connection, one PDU in a segment, so that an independent decoder can read what crossed the wire.
enum PCAP {
    static func file(_ frames: [(isFromClient: Bool, bytes: [UInt8])]) -> [UInt8] {
        func little(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        func big(_ value: UInt32, _ octets: Int) -> [UInt8] {
            (0..<octets).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
        }
        // Magic, version 2.4, zone, accuracy, longest packet, raw IP (101).
        var file = little(0xA1B2_C3D4) + [2, 0, 4, 0] + little(0) + little(0) + little(262_144) + little(101)
        var sent: [Bool: UInt32] = [true: 1, false: 1]
        for (index, frame) in frames.enumerated() {
            let (client, server): ([UInt8], [UInt8]) = ([10, 0, 0, 1], [10, 0, 0, 2])
            let ports = frame.isFromClient ? big(40_000, 2) + big(2775, 2) : big(2775, 2) + big(40_000, 2)
            let tcp =
                ports + big(sent[frame.isFromClient] ?? 0, 4) + big(sent[!frame.isFromClient] ?? 0, 4) + [0x50, 0x18]
                + big(65_000, 2) + [0, 0, 0, 0] + frame.bytes
            let ip =
                [0x45, 0] + big(UInt32(20 + tcp.count), 2) + big(UInt32(index & 0xFFFF), 2) + [0x40, 0, 64, 6, 0, 0]
                + (frame.isFromClient ? client + server : server + client) + tcp
            sent[frame.isFromClient, default: 1] += UInt32(frame.bytes.count)
            file += little(1_795_361_445) + little(UInt32(index)) + little(UInt32(ip.count)) + little(UInt32(ip.count)) + ip
        }
        return file
    }

    /// What tshark reads: one list of values per PDU.
    static func read(_ frames: [(isFromClient: Bool, bytes: [UInt8])], _ fields: [String], filter: String) async throws
        -> [[String]]
    {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).pcap")
        try Data(file(frames)).write(to: path)
        defer { Programs.discard { try FileManager.default.removeItem(at: path) } }
        let arguments =
            ["-n", "-r", path.path, "-d", "tcp.port==2775,smpp", "-Y", filter, "-T", "fields", "-E", "separator=|"]
            + fields.flatMap { ["-e", $0] }
        let output = try await Programs.run(Programs.find("tshark"), arguments)
        return output.split(separator: "\n").filter { $0.contains("|") || fields.count == 1 }
            .map { $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init) }
    }
}

@Suite("SMPP read back by tshark", .serialized, .timeLimit(.minutes(3)))
struct SMPPTsharkTests {
    /// Everything that crosses the wire for these submissions.
    func capture(_ options: [String: String], _ submissions: [Submission]) async throws -> [(isFromClient: Bool, bytes: [UInt8])]
    {
        let log = EventLog()
        let mood: ScriptedSMSC.Mood = { frame, line in
            guard frame.isSubmit else { return }
            line.send(frame.accepted("id\(frame.sequence)"))
            line.send(.receipt(1000 + frame.sequence, "id:id\(frame.sequence) stat:DELIVRD err:000"))
        }
        var captured: [(isFromClient: Bool, bytes: [UInt8])] = []
        try await carrier(["bind_window": "1"].merging(options) { $1 }, events: log, mood: mood) { server, transport in
            let results = await transport.answers(submissions)
            #expect(results.allSatisfy { $0.outcome.name == "accepted" })
            let submits = server.frames(0x04).count
            try await eventually("all receipts answered") { server.frames(0x8000_0005).count == submits }
            captured = server.captured
        }
        return captured
    }

    @Test("addresses, data_coding, registered_delivery and validity are what an independent decoder reads")
    func fields() async throws {
        let frames = try await capture(
            ["intermediate_receipts": "true"],
            [
                sms("a@", id: 1, to: "+8613900000001", validity: .seconds(90)),
                sms("好", id: 2, to: "+8613900000002", from: "10690"),
            ])
        let submits = try await PCAP.read(
            frames,
            [
                "smpp.source_addr_ton", "smpp.source_addr", "smpp.dest_addr_ton", "smpp.dest_addr_npi", "smpp.destination_addr",
                "smpp.regdel.receipt", "smpp.regdel.notif", "smpp.data_coding", "smpp.sm_length", "smpp.validity_period_r",
            ], filter: "smpp.command_id == 4")
        #expect(
            submits.map { $0.dropLast() } == [
                ["0x05", "Shop", "0x01", "0x01", "8613900000001", "0x01", "0x01", "0x00", "2"],
                ["0x03", "10690", "0x01", "0x01", "8613900000002", "0x01", "0x01", "0x08", "2"],
            ])
        #expect(submits.map { Self.seconds($0.last ?? "") } == [90, 3600], "\(submits)")
    }

    /// tshark shows a relative time as seconds, or in words.
    static func seconds(_ shown: String) -> Double? { Double(shown) }

    @Test("tshark joins what we divided, by header and by sar parameters", arguments: ["udh8", "sar"])
    func parts(way: String) async throws {
        let text = String(repeating: "A", count: 152) + "{" + String(repeating: "B", count: 152)
        let frames = try await capture(["long_text": way], [sms(text)])
        let fields =
            way == "sar"
            ? ["smpp.sar_msg_ref_num", "smpp.sar_total_segments", "smpp.sar_segment_seqnum"]
            : ["gsm_sms.udh.mm.msg_id", "gsm_sms.udh.mm.msg_parts", "gsm_sms.udh.mm.msg_part"]
        let parts = try await PCAP.read(
            frames, fields + ["smpp.esm.submit.features", "smpp.sm_length"], filter: "smpp.command_id == 4")
        #expect(parts.count == 3 && Set(parts.map { $0[0] }).count == 1, "\(parts)")
        #expect(parts.map { $0[1] } == ["3", "3", "3"] && parts.map { $0[2] } == ["1", "2", "3"], "\(parts)")
        #expect(parts.allSatisfy { $0[3] == (way == "sar" ? "0x00" : "0x01") }, "\(parts)")
        let header = way == "sar" ? 0 : 6
        #expect(parts.map { Int($0[4]) ?? 0 } == [152, 153, 1].map { $0 + header }, "\(parts)")
    }

    @Test("tshark finds no malformed frame, and every request with its answer")
    func wellFormed() async throws {
        let frames = try await capture(
            ["long_text": "payload"], [sms("a", id: 1), sms(String(repeating: "x", count: 500), id: 2)])
        let wrong = try await PCAP.read(
            frames, ["frame.number", "_ws.expert.message", "smpp.command_id"],
            filter: "_ws.malformed || _ws.expert.severity >= 6291456")
        #expect(wrong.isEmpty, "\(wrong)")
        let commands = try await PCAP.read(
            frames, ["smpp.command_id", "smpp.command_status", "smpp.sequence_number"], filter: "smpp")
        #expect(commands.count == frames.count)
        for command in ["0x00000009", "0x00000004", "0x00000005"] {
            let asked = commands.filter { $0[0] == command }.map { $0[2] }
            let answered = commands.filter { $0[0] == "0x8" + command.dropFirst(3) && $0[1] == "0x00000000" }.map { $0[2] }
            #expect(!asked.isEmpty && asked == answered, "\(commands)")
        }
        let payload = try await PCAP.read(frames, ["smpp.sm_length", "smpp.message_payload"], filter: "smpp.message_payload")
        #expect(
            payload.map { $0[0] } == ["0"] && payload[0][1].replacingOccurrences(of: ":", with: "").count == 1000, "\(payload)")
    }
}
