/// Punycode for internationalised domain labels (RFC 3492), the encoding half.
enum Punycode {
    /// The label without its `xn--`, or nil when a number overflows (no such label is registered).
    static func encode(_ label: [Unicode.Scalar]) -> String? {
        let basic = label.filter(\.isASCII)
        var output = basic.map { UInt8($0.value) }
        var handled = basic.count
        if handled > 0 { output.append(UInt8(ascii: "-")) }
        var code: UInt32 = 128
        var delta: UInt32 = 0
        var bias: UInt32 = 72
        while handled < label.count {
            guard let next = label.lazy.map(\.value).filter({ $0 >= code }).min() else { return nil }
            let (step, overflow) = (next - code).multipliedReportingOverflow(by: UInt32(handled + 1))
            let (sum, tooMuch) = delta.addingReportingOverflow(step)
            guard !overflow, !tooMuch else { return nil }
            delta = sum
            code = next
            for scalar in label {
                if scalar.value < code { delta += 1 }
                guard scalar.value == code else { continue }
                append(delta, bias: bias, to: &output)
                bias = adapt(delta, points: UInt32(handled + 1), first: handled == basic.count)
                delta = 0
                handled += 1
            }
            delta += 1
            code += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// A generalised variable-length integer (section 6.3).
    private static func append(_ delta: UInt32, bias: UInt32, to output: inout [UInt8]) {
        var rest = delta
        var k: UInt32 = 36
        while true {
            let threshold = k <= bias ? 1 : min(26, k - bias)
            if rest < threshold { break }
            output.append(digit(threshold + (rest - threshold) % (36 - threshold)))
            rest = (rest - threshold) / (36 - threshold)
            k += 36
        }
        output.append(digit(rest))
    }

    private static func digit(_ value: UInt32) -> UInt8 {
        value < 26 ? UInt8(ascii: "a") + UInt8(value) : UInt8(ascii: "0") + UInt8(value - 26)
    }

    /// Bias adaptation (section 6.1).
    private static func adapt(_ delta: UInt32, points: UInt32, first: Bool) -> UInt32 {
        var delta = first ? delta / 700 : delta / 2
        delta += delta / points
        var k: UInt32 = 0
        while delta > 455 {
            delta /= 35
            k += 36
        }
        return k + 36 * delta / (delta + 38)
    }
}
