import Domain
import Rendering
import Testing

func times(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

@Suite("Texts are split as they will be submitted and billed")
struct SegmentationTests {
    @Test(
        "the part count comes from splitting",
        arguments: [
            ("", 1, 0), ("A", 1, 1), (times("A", 160), 1, 160), (times("A", 161), 2, 161), (times("A", 158) + "€", 1, 160),
            (times("A", 159) + "€", 2, 161), (times("A", 306), 2, 306), (times("A", 307), 3, 307),
            (times("A", 152) + "{" + times("B", 152), 3, 306), (times("{", 80), 1, 160), (times("{", 81), 2, 162),
            (times("{", 153), 3, 306), (times("{", 152), 2, 304),
        ])
    func gsm(_ text: String, _ parts: Int, _ units: Int) {
        let split = Segmentation.split(text)
        #expect(split.encoding == .gsm7)
        #expect(split.parts.count == parts)
        #expect(split.units == units)
        #expect(split.parts.joined() == text)
    }

    @Test(
        "UCS-2 counts UTF-16 units",
        arguments: [
            ("好", 1, 1), (times("好", 70), 1, 70), (times("好", 71), 2, 71), (times("好", 134), 2, 134), (times("好", 135), 3, 135),
            (times("好", 66) + "😀" + times("好", 66), 3, 134), (times("好", 68) + "😀", 1, 70), (times("好", 69) + "😀", 2, 71),
            (times("A", 70) + "好", 2, 71), ("ç", 1, 1), (times("😀", 35), 1, 70), (times("😀", 36), 2, 72),
            (times("😀", 67), 3, 134),
        ])
    func ucs2(_ text: String, _ parts: Int, _ units: Int) {
        let split = Segmentation.split(text)
        #expect(split.encoding == .ucs2)
        #expect(split.parts.count == parts)
        #expect(split.units == units)
        #expect(split.parts.joined() == text)
    }

    @Test("an escape pair or surrogate pair that does not fit goes to the next part")
    func pairs() {
        #expect(Segmentation.split(times("A", 152) + "{" + times("B", 152)).parts[1].hasPrefix("{B"))
        #expect(Segmentation.split(times("好", 66) + "😀" + times("好", 66)).parts[1].hasPrefix("😀好"))
    }

    @Test(
        "a grapheme cluster stays whole where it costs no part",
        arguments: [
            (times("好", 65) + "👨‍👩‍👧" + times("好", 20), times("好", 65)),
            (times("好", 66) + "e\u{301}" + times("好", 20), times("好", 66)),
            (times("好", 65) + "🇨🇳" + times("好", 20), times("好", 65)),
            (times("好", 65) + "👍🏽" + times("好", 20), times("好", 65)),
            (times("A", 152) + "\r\n" + times("B", 20), times("A", 152)),
        ])
    func clusters(_ text: String, _ first: String) {
        let parts = Segmentation.split(text).parts
        #expect(parts.count == 2)
        #expect(parts[0] == first)
    }

    @Test("where it would cost a part it is cut between its characters")
    func clusterCut() {
        let text = times("好", 65) + "👨‍👩‍👧" + times("好", 61)
        let parts = Segmentation.split(text).parts
        #expect(parts.map { $0.utf16.count } == [67, 67])
        #expect(parts.joined() == text)
        let two = times("好", 65) + "👨‍👩‍👧" + times("好", 58) + "👨‍👩‍👧" + times("好", 20)
        #expect(Segmentation.split(two).parts.map { $0.utf16.count } == [65, 66, 28])
    }

    @Test("one endless cluster is cut like any text")
    func endlessCluster() {
        let text = "e" + times("\u{301}", 133)
        #expect(Segmentation.split(text).parts.map { $0.utf16.count } == [67, 67])
        #expect(Segmentation.split("e" + times("\u{301}", 200_000)).parts.count == 2986)
    }
}
