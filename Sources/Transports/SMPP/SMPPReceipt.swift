import Domain

/// Reads deliver_sm and data_sm: a receipt (SMPP 3.4, appendix B, and the many ways in which carriers write it), or a text from a phone.
struct SMPPReceiver: Sendable {
    let provider: String
    /// What data_coding 0 is at this carrier.
    var alphabet = SMPPAccount.Alphabet.gsm7

    func event(_ message: SMPPMessage) -> ProviderEvent {
        isReceipt(message) ? .receipt(receipt(message)) : .text(text(message))
    }

    /// esm_class 0x04 or 0x20 (S14), whatever other bits are set; or the parameter that only receipts have.
    private func isReceipt(_ message: SMPPMessage) -> Bool {
        let type = message.esmClass & 0x3C
        return type & 0x24 != 0 || (type == 0 && message.parameter(.receiptedMessageID) != nil)
    }

    // MARK: receipts

    private func receipt(_ message: SMPPMessage) -> CarrierReceipt {
        let text = receiptText(message)
        let fields = SMPPReceiptText(text)
        let state = message.parameter(.messageState)?.first.flatMap(Self.state) ?? fields.state ?? .unknown
        let isIntermediate = message.esmClass & 0x20 != 0
        return CarrierReceipt(
            provider: provider, id: Self.id(message) ?? fields.id, state: state,
            isFinal: state.isFinal && !isIntermediate, isIntermediate: isIntermediate,
            error: Self.networkError(message) ?? fields.error, recipient: Self.phone(message.source),
            sender: message.destination.digits, submitted: fields.submitted, done: fields.done, text: String(text.prefix(300)))
    }

    /// The parameter beats the text (S15).
    private static func id(_ message: SMPPMessage) -> String? {
        guard let value = message.parameter(.receiptedMessageID) else { return nil }
        let id = SMPPText.string(value.prefix { $0 != 0 })
        return id.isEmpty ? nil : id
    }

    private static func state(_ code: UInt8) -> CarrierReceipt.State? {
        let states: [CarrierReceipt.State] = [
            .scheduled, .enroute, .delivered, .expired, .deleted, .undeliverable, .accepted, .unknown, .rejected, .skipped,
        ]
        return Int(code) < states.count ? states[Int(code)] : nil
    }

    /// Three octets: the kind of network, and its code (5.3.2.31).
    private static func networkError(_ message: SMPPMessage) -> String? {
        guard let value = message.parameter(.networkErrorCode), value.count == 3 else { return nil }
        let code = Int(value[1]) << 8 | Int(value[2])
        return code == 0 ? nil : "\(value[0]):\(code)"
    }

    static func phone(_ address: SMPPAddress) -> String {
        address.digits.utf8.first == UInt8(ascii: "+") ? String(address.digits.dropFirst()) : address.digits
    }

    /// Receipts are ASCII under any data_coding but UCS-2; some centres forget to say that it is UCS-2.
    private func receiptText(_ message: SMPPMessage) -> String {
        let octets = Self.split(message).octets
        let isWide = message.dataCoding == 8 || (octets.count > 3 && octets.count % 2 == 0 && octets[0] == 0 && octets[2] == 0)
        return isWide ? Self.utf16(octets) : SMPPText.string(octets)
    }

    // MARK: texts

    private func text(_ message: SMPPMessage) -> InboundText {
        let (header, octets) = Self.split(message)
        return InboundText(
            provider: provider, from: message.source.digits, to: message.destination.digits,
            text: decoded(octets, message.dataCoding), dataCoding: message.dataCoding, octets: octets,
            part: Self.part(header) ?? Self.part(message))
    }

    private func decoded(_ octets: [UInt8], _ dataCoding: UInt8) -> String? {
        switch dataCoding {
        case 0 where alphabet == .gsm7 && octets.allSatisfy({ $0 < 0x80 }): GSM7.decode(octets)
        // Octets above 127 are no septets, whatever the carrier says.
        case 0, 1, 3: SMPPText.string(octets)
        case 8: Self.utf16(octets)
        default: nil
        }
    }

    /// Half a surrogate pair, or half a unit at the end, becomes U+FFFD.
    static func utf16(_ octets: [UInt8]) -> String {
        var units: [UInt16] = []
        units.reserveCapacity(octets.count / 2 + 1)
        for at in stride(from: 0, to: octets.count, by: 2) {
            units.append(at + 1 < octets.count ? UInt16(octets[at]) << 8 | UInt16(octets[at + 1]) : 0xFFFD)
        }
        return String(decoding: units, as: UTF16.self)
    }

    /// The user data header and what stands behind it. A header that overruns is text.
    private static func split(_ message: SMPPMessage) -> (header: [UInt8], octets: [UInt8]) {
        let content = message.content
        guard message.hasHeader, let length = content.first.map(Int.init), length + 1 <= content.count else {
            return ([], content)
        }
        return (Array(content[1..<(length + 1)]), Array(content[(length + 1)...]))
    }

    /// Concatenation with an 8-bit or 16-bit reference among the elements of the header (3GPP TS 23.040, 9.2.3.24).
    private static func part(_ header: [UInt8]) -> InboundText.Part? {
        var at = 0
        while at + 1 < header.count {
            let (kind, length) = (header[at], Int(header[at + 1]))
            guard at + 2 + length <= header.count else { return nil }
            let value = header[(at + 2)..<(at + 2 + length)].map { Int($0) }
            switch (kind, length) {
            case (0, 3): return part(value[0], value[1], value[2])
            case (8, 4): return part(value[0] << 8 | value[1], value[2], value[3])
            default: at += 2 + length
            }
        }
        return nil
    }

    private static func part(_ message: SMPPMessage) -> InboundText.Part? {
        guard let reference = message.parameter(.sarReference), reference.count == 2,
            let total = message.parameter(.sarTotal)?.first, let number = message.parameter(.sarSequence)?.first
        else { return nil }
        return part(Int(reference[0]) << 8 | Int(reference[1]), Int(total), Int(number))
    }

    /// TS 23.040: a part 0, or one beyond the last, is to be ignored.
    private static func part(_ reference: Int, _ total: Int, _ number: Int) -> InboundText.Part? {
        total > 0 && (1...total).contains(number) ? .init(reference: reference, total: total, number: number) : nil
    }
}
