import Domain
import Text

/// Divides texts into SMS segments (3GPP TS 23.038 and 23.040): GSM-7 when every character is in the alphabet, else UCS-2.
///
/// The count comes from splitting: a pair (escape and character, or two surrogates) that does not fit goes to the next part and
/// leaves a gap. Grapheme clusters (emoji sequences, combining marks, CR LF) are kept whole wherever the number of parts stays the
/// smallest possible; no segment is paid for it.
public enum Segmentation {
    /// Units in a single segment, and in each part of several (six octets go to the concatenation header).
    static func capacity(_ encoding: SMSText.Encoding) -> (single: Int, part: Int) {
        encoding == .gsm7 ? (160, 153) : (70, 67)
    }

    /// Nothing is substituted: one character outside GSM 03.38 makes the whole text UCS-2.
    public static func split(_ text: String) -> SMSText {
        let bytes = text.utf8Span.span
        let encoding: SMSText.Encoding
        let units: Int
        if let septets = GSM7.septets(of: bytes) {
            encoding = .gsm7
            units = septets
        } else {
            encoding = .ucs2
            units = UTF8Text.units(of: bytes)
        }
        let capacity = capacity(encoding)
        guard units > capacity.single else { return SMSText(text: text, encoding: encoding, parts: [text], units: units) }
        let cuts = cuts(text, bytes, encoding, capacity.part)
        return SMSText(text: text, encoding: encoding, parts: parts(of: text, cuts), units: units)
    }

    /// Byte offsets where parts end, the last one the end of the text.
    private static func cuts(_ text: String, _ bytes: Span<UInt8>, _ encoding: SMSText.Encoding, _ capacity: Int) -> [Int] {
        var cuts: [Int] = []
        var at = 0
        while at < bytes.count {
            at = end(of: at, bytes, encoding, capacity)
            cuts.append(at)
        }
        // Past 255 parts no centre takes the text, so its cuts need no care.
        guard cuts.count <= RenderLimits.segments, cuts.contains(where: { !isBoundary($0, text) }) else { return cuts }
        return careful(text, bytes, encoding, capacity, count: cuts.count)
    }

    /// The same number of cuts, moved back to the start of the cluster they would split where what remains still fits.
    private static func careful(
        _ text: String, _ bytes: Span<UInt8>, _ encoding: SMSText.Encoding, _ capacity: Int, count: Int
    ) -> [Int] {
        var starts: [Int] = []
        var offset = 0
        for character in text {
            starts.append(offset)
            offset += character.utf8.count
        }
        var cuts: [Int] = []
        var at = 0
        var cluster = 0
        while at < bytes.count {
            let end = end(of: at, bytes, encoding, capacity)
            while cluster + 1 < starts.count, starts[cluster + 1] <= end { cluster += 1 }
            let whole = end == bytes.count ? end : starts[cluster]
            let left = count - cuts.count - 1
            at = whole > at && fits(whole, bytes, encoding, capacity, parts: left) ? whole : end
            cuts.append(at)
        }
        return cuts
    }

    private static func fits(
        _ start: Int, _ bytes: Span<UInt8>, _ encoding: SMSText.Encoding, _ capacity: Int, parts: Int
    ) -> Bool {
        var at = start
        for _ in 0..<parts where at < bytes.count { at = end(of: at, bytes, encoding, capacity) }
        return at == bytes.count
    }

    /// Where the part that begins at `start` must end at the latest.
    private static func end(of start: Int, _ bytes: Span<UInt8>, _ encoding: SMSText.Encoding, _ capacity: Int) -> Int {
        encoding == .gsm7
            ? GSM7.end(of: start, bytes, septets: capacity) : UTF8Text.end(of: start, bytes, units: capacity)
    }

    /// Whether a cut at this byte leaves grapheme clusters whole.
    private static func isBoundary(_ offset: Int, _ text: String) -> Bool {
        String.Index(text.utf8.index(text.startIndex, offsetBy: offset), within: text) != nil
    }

    private static func parts(of text: String, _ cuts: [Int]) -> [String] {
        let utf8 = text.utf8
        var start = text.startIndex
        return cuts.map { cut in
            let end = utf8.index(utf8.startIndex, offsetBy: cut)
            defer { start = end }
            return String(text[start..<end])
        }
    }
}
