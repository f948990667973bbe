import Text

/// `0.0065` for 6500 millionths: exact, without zeros at the end.
public func decimal(micros: Int64) -> String {
    let (whole, rest) = micros.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
    var digits = String(1_000_000 + rest).dropFirst()
    while digits.count > 2, digits.last == "0" { digits.removeLast() }
    return "\(micros < 0 ? "-" : "")\(whole).\(digits)"
}

/// nil for nothing of nothing.
public func share(_ part: Int, of whole: Int) -> Double? { whole == 0 ? nil : Double(part) / Double(whole) }

extension JSONValue {
    static func double(_ value: Double?) -> Self { value.map { (number: Double) in Self.double(number) } ?? .null }
}
