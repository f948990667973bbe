import Operations

/// `0.0065 EUR` for 6500 millionths, `12 segments`: an amount of a budget's unit.
func amountText(_ amount: Int64, unit: String) -> String {
    unit == "segments" ? "\(amount) segments" : "\(decimal(micros: amount)) \(unit)"
}

/// Cut off after two digits: 100.00 is all of them.
func percentText(_ share: Double) -> String {
    let hundredths = Int((share * 10_000).rounded(.down))
    return "\(hundredths / 100).\(String(100 + hundredths % 100).dropFirst())"
}
