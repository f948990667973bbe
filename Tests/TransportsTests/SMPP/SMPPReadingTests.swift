import Domain
import Foundation
import Testing

@testable import Transports

@Suite("What the octets of an inbound text say")
struct SMPPReadingTests {
    /// data_coding, octets in hexadecimal, what is shown.
    struct Case: Sendable, CustomTestStringConvertible {
        var dataCoding: UInt8
        var hex: String
        var text: String?
        init(_ dataCoding: UInt8, _ hex: String, _ text: String?) {
            (self.dataCoding, self.hex, self.text) = (dataCoding, hex, text)
        }
        var testDescription: String { "\(dataCoding) \(hex)" }
    }

    static func octets(_ hex: String) -> [UInt8] {
        let digits = hex.filter { $0 != " " }.map { UInt8($0.hexDigitValue ?? 0) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private func reading(_ hex: String, _ dataCoding: UInt8) -> SMPPReading {
        SMPPReading(Self.octets(hex), dataCoding: dataCoding, default: .gsm7)
    }

    @Test(
        "the alphabet that data_coding names is read (SMPP 3.4, 5.2.19; 3GPP TS 23.038, 4)",
        arguments: [
            Case(0, "00 1b65", "@€"), .init(1, "53746f70", "Stop"), .init(3, "53f6", "Sö"), .init(5, "92e28e7e", "停止"),
            .init(6, "c1c2bebf", "СТОП"), .init(7, "f4f1f7", "פסק"), .init(8, "90008ba2", "退订"),
            .init(0x0A, "1b244244643b5f1b2842", "停止"), .init(0x0E, "c1dfc1f6", "중지"),
            .init(0x0F, "cdcbb6a9", "退订"),
            // General groups: default alphabet, UCS-2, with and without a class; marked for deletion; message waiting; data coding and class.
            .init(0x10, "53544f50", "STOP"), .init(0x18, "90008ba2", "退订"), .init(0x19, "90008ba2", "退订"),
            .init(0x48, "90008ba2", "退订"), .init(0xC8, "53544f50", "STOP"), .init(0xD0, "0053", "@S"),
            .init(0xE0, "90008ba2", "退订"),
            .init(0xF0, "53544f50", "STOP"), .init(0xF1, "001b65", "@€"), .init(0xF5, "53544f50", "STOP"),
            .init(4, "", ""),
        ])
    func standard(_ each: Case) { #expect(reading(each.hex, each.dataCoding).text == each.text) }

    @Test(
        "where that makes no sense, or names no alphabet, the octets say what they are",
        arguments: [
            Case(2, "53544f50", "STOP"), .init(4, "53544f50", "STOP"), .init(4, "90008ba2", "退订"), .init(9, "53544f50", "STOP"),
            .init(0x14, "53544f50", "STOP"), .init(0xF7, "cdcbb6a9", "退订"), .init(0x2C, "53544f50", "STOP"),
            .init(0xBF, "e98080e8aea2", "退订"),
            // UCS-2 in the wrong order, or under the default alphabet, ASCII, ISO 8859-1.
            .init(8, "530054004f005000", "STOP"), .init(8, "0090a28b", "退订"), .init(8, "fffe530054004f005000", "STOP"),
            .init(8, "feff90008ba2", "退订"), .init(0, "90008ba2", "退订"), .init(0, "00530054004f0050", "STOP"),
            .init(1, "530054004f005000", "STOP"), .init(3, "90008ba2", "退订"),
            // ASCII under UCS-2, where it can be nothing else.
            .init(8, "48656c6c6f", "Hello"), .init(8, "506c656173652073746f7021", "Please stop!"),
            // UTF-8 and GBK under everything.
            .init(0, "e98080e8aea2", "退订"), .init(3, "e98080e8aea2", "退订"), .init(8, "e98080e8aea2", "退订"),
            .init(0, "cdcbb6a9", "退订"), .init(15, "90008ba2", "退订"),
        ])
    func byOctets(_ each: Case) { #expect(reading(each.hex, each.dataCoding).text == each.text) }

    @Test(
        "what is right as it stands stays, however it might be read otherwise",
        arguments: [
            Case(0, "e9", "é"), .init(3, "dc6e69", "Üni"), .init(8, "597d", "好"), .init(8, "4e00", "一"),
            .init(8, "6570636e", "数据"),
            .init(8, "4f60597d", "你好"), .init(8, "d83dde00", "😀"), .init(8, "06270644", "ال"), .init(8, "0e010e32", "กา"),
            .init(8, "0053", "S"), .init(0, "0041", "@A"), .init(8, "597dd83d", "好\u{FFFD}"),
        ])
    func untouched(_ each: Case) { #expect(reading(each.hex, each.dataCoding).text == each.text) }

    @Test(
        "a keyword is among the readings, whatever the carrier says that it is",
        arguments: [
            Case(8, "53544f50", "STOP"), .init(0, "53d66d88", "取消"), .init(8, "cdcbb6a9", "退订"), .init(0, "4f60597d", "你好"),
            .init(3, "544420cdcbb6a9", "TD 退订"), .init(3, "b0b1a4ee", "停止"), .init(8, "4e00", "N"),
        ])
    func others(_ each: Case) {
        let found = reading(each.hex, each.dataCoding)
        let all = [found.text].compactMap(\.self) + found.others
        #expect(all.contains(each.text ?? ""), "\(all)")
    }

    @Test("septets that are still packed are among the readings")
    func packed() {
        let octets: [UInt8] = [0x53, 0xEA, 0x13, 0x0A]  // STOP
        for dataCoding in [0, 4, 8] as [UInt8] {
            let found = SMPPReading(octets, dataCoding: dataCoding, default: .gsm7)
            #expect(found.others.contains("STOP") || found.text == "STOP", "\(dataCoding): \(found)")
        }
    }

    @Test("binary is no text; long texts have no other readings; no octets make it crash")
    func bounds() {
        for hex in ["0605040b8423f0dc0601ae02056a0045", "000102030405", "ff00ff00ff01"] {
            #expect(reading(hex, 4).text == nil, "\(hex)")
        }
        #expect(SMPPReading(Array(repeating: 0x53, count: 1000), dataCoding: 8, default: .gsm7).others.isEmpty)
        var random = Seeded(state: 7)
        for _ in 0..<5000 {
            let octets = (0..<Int.random(in: 0...20, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            let found = SMPPReading(octets, dataCoding: .random(in: 0...255, using: &random), default: .latin1)
            #expect(found.others.count <= 8)
        }
    }
}
