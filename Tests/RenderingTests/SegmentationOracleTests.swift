import Domain
import Foundation
import Rendering
import Testing
import Text

/// `smsutil` (PyPI) as an independent opinion. It and the standard disagree in three points, and there we follow the standard:
/// - it counts U+001B as a character of the alphabet; TS 23.038 has it only as the escape to the extension table, so that such a
///   text is UCS-2 for us;
/// - it calls the empty text UCS-2; nothing in it needs UCS-2;
/// - it cuts grapheme clusters anywhere; TS 23.040 does not care, people do. The number of parts is the same.
@Suite("Segmentation agrees with smsutil")
struct SegmentationOracleTests {
    struct Answer: Decodable {
        var encoding: String
        var octets: Int
        var parts: [String]
        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            encoding = try values.decode(String.self)
            octets = try values.decode(Int.self)
            parts = try values.decode([String].self)
        }
        var units: Int { encoding == "gsm0338" ? octets : octets / 2 }
    }

    @Test("on the limits and on 4,000 random texts: encoding, units, number of parts, and every cut that splits no cluster")
    func agrees() throws {
        let texts = Self.table + Self.random(4_000)
        let answers = try ask(texts)
        try #require(answers.count == texts.count)
        for (text, answer) in zip(texts, answers) {
            let split = Segmentation.split(text)
            #expect((split.encoding == .gsm7) == (answer.encoding == "gsm0338"), "\(text.debugDescription)")
            #expect(split.units == answer.units, "\(text.debugDescription)")
            #expect(split.parts.count == answer.parts.count, "\(text.debugDescription)")
            #expect(split.parts.joined() == text)
            let limit = split.encoding == .gsm7 ? (160, 153) : (70, 67)
            for part in split.parts {
                let units = split.encoding == .gsm7 ? GSM7.encode(part)?.count ?? .max : part.utf16.count
                #expect(units <= (split.parts.count == 1 ? limit.0 : limit.1), "\(text.debugDescription)")
            }
            if text.count == text.unicodeScalars.count { #expect(split.parts == answer.parts, "\(text.debugDescription)") }
        }
    }

    static let table = [
        times("A", 159) + "€", times("A", 152) + "{" + times("B", 152), times("好", 66) + "😀" + times("好", 66), times("A", 160),
        times("A", 161), times("A", 306), times("A", 307), times("好", 70), times("好", 71), times("好", 134), times("好", 135),
        times("😀", 35), times("😀", 36), times("^", 80), times("^", 81), "\n", "\u{0C}", "`", "ÄÖÜäöüß", "çÇ",
    ]

    static func random(_ count: Int) -> [String] {
        var generator = Seeded(state: 20_260_401)
        let plain = Array("ABC xyz 019.,!?\n@£$éùÇØΔΩ§¿").map(String.init)
        let extended = ["€", "{", "}", "[", "~", "|", "^", "\\"]
        let wide = ["好", "您", "的", "，", "ç", "“", "é", "`"]
        let clusters = ["😀", "👨‍👩‍👧", "🇨🇳", "e\u{301}", "👍🏽", "\r\n", "각"]
        return (0..<count).map { index in
            let alphabet = [plain, plain + extended, plain + wide, wide + ["😀"], wide + plain + clusters, plain + ["\r\n"]][
                index % 6]
            let length = [1, 66, 70, 134, 153, 160, 306, 320, 500].randomElement(using: &generator) ?? 1
            let filler = times(alphabet.randomElement(using: &generator) ?? "A", Int.random(in: 0...length, using: &generator))
            return filler
                + (0..<Int.random(in: 1...max(1, length - filler.count + 4), using: &generator))
                .map { _ in alphabet.randomElement(using: &generator) ?? "A" }.joined()
        }
    }

    /// Reads one JSON text per line, writes what smsutil makes of it.
    private static let script = """
        import json, sys, smsutil
        for line in sys.stdin.buffer.read().decode("utf-8").split(chr(10))[:-1]:
            result = smsutil.split(json.loads(line))
            print(json.dumps([result.encoding, result.total_bytes, [part.content for part in result.parts]]))
        """

    /// One Python process for all texts; it reads everything before it answers.
    private func ask(_ texts: [String]) throws -> [Answer] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let python = root.path + "/.venv/bin/python3"
        try #require(
            FileManager.default.isExecutableFile(atPath: python),
            "no \(python): make it with python3 -m venv .venv && .venv/bin/pip install -r Tests/requirements.txt")
        // A file and not a pipe: a Python that fails at once would end this process with SIGPIPE.
        let input = FileManager.default.temporaryDirectory.appending(path: "smsutil-\(UUID().uuidString).json")
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: input) } }
        let encoder = JSONEncoder()
        try texts.map { try String(decoding: encoder.encode($0), as: UTF8.self) + "\n" }.joined()
            .write(to: input, atomically: false, encoding: .utf8)
        let process = Process()
        let output = Pipe()
        // By way of env: started directly, the interpreter's link is resolved first and it does not find its packages.
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [python, "-c", Self.script]
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = output
        try process.run()
        let answered = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try answered.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Answer.self, from: $0) }
    }
}

/// SplitMix64: the same texts in every run.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
