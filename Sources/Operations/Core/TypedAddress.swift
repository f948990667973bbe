/// An address as people type it: an SMS number may have blanks, dots, dashes and brackets.
public func typedAddress(_ text: String) -> String {
    let isNumber = text.allSatisfy { $0.isNumber || " +.-()/\u{A0}".contains($0) }
    return isNumber ? text.filter { !" .-()/\u{A0}".contains($0) } : text
}

/// A recipient's key as people type it: blanks in a number are not part of it.
func typedKey(_ text: String) -> String { text.hasPrefix("+") ? typedAddress(text) : text }

/// The channel that an address belongs to when none is named.
public func channelOf(_ address: String) -> String { address.contains("@") ? "email" : "sms" }
