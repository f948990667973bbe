import Callbacks
import Domain
import Text

/// Reads deliver_sm and data_sm: a receipt (SMPP 3.4, appendix B, and the many ways in which carriers write it), or a text from a phone.
struct SMPPReceiver: Sendable {
    let provider: String
    /// What data_coding 0 is at this carrier.
    var alphabet = SMPPAccount.Alphabet.gsm7
    /// What this carrier's words for states mean, before those of appendix B.
    var states: [CallbackStateRule] = []

    func event(_ message: SMPPMessage) -> ProviderEvent {
        isReceipt(message) ? .receipt(receipt(message)) : .text(text(message))
    }

    /// esm_class 0x04 or 0x20, whatever other bits are set. Carriers forget it, or say 0x08 (the phone's acknowledgement) instead: then a
    /// parameter that only receipts have, or a text as only receipts have it.
    private func isReceipt(_ message: SMPPMessage) -> Bool {
        let type = message.esmClass & 0x3C
        if type & 0x24 != 0 { return true }
        guard type == 0 || type == 0x08 else { return false }
        if message.parameter(.receiptedMessageID) != nil || message.parameter(.messageState) != nil { return true }
        return receiptFields(message).fields.isUnmistakable
    }

    // MARK: receipts

    private func receipt(_ message: SMPPMessage) -> CarrierReceipt {
        let (fields, text) = receiptFields(message)
        let error = Self.networkError(message) ?? fields.error
        let mapped = states.first { $0.matches(fields.stateWord ?? Self.noWord, error) }?.state
        let known = message.parameter(.messageState)?.first.flatMap(Self.state) ?? fields.state
        let state = (mapped == .ignore ? .unknown : mapped?.receipt?.state ?? known) ?? .unknown
        let isIntermediate = message.esmClass & 0x20 != 0
        var receipt = CarrierReceipt(
            provider: provider, id: Self.id(message) ?? fields.id, state: state,
            isFinal: state.isFinal && !isIntermediate, isIntermediate: isIntermediate,
            // An admin needs to see a word that is not known.
            error: error ?? (mapped == nil && known == nil ? fields.stateWord : nil), recipient: Self.phone(message.source),
            sender: message.destination.digits, submitted: fields.submitted, done: fields.done, text: String(text.prefix(300)))
        receipt.consequence = mapped?.receipt?.consequence
        return receipt
    }

    /// What `receipt_states` calls a receipt without `stat:`.
    static let noWord = "none"

    /// The parameter beats the text.
    private static func id(_ message: SMPPMessage) -> String? {
        guard let value = message.parameter(.receiptedMessageID) else { return nil }
        let id = Latin1.string(value.prefix { $0 != 0 }).trimmingBlanks
        return id.isEmpty || id.utf8.count > SMPPReceiptText.longestID ? nil : id
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

    /// Receipts are ASCII, whatever data_coding says, which is that of the message they are about; or UCS-2, said or not, in either order. What reads
    /// like a receipt is one; behind `text:` other octets may follow.
    private func receiptFields(_ message: SMPPMessage) -> (fields: SMPPReceiptText, text: String) {
        let octets = Self.split(message).octets
        let plain = Latin1.string(octets)
        let fields = SMPPReceiptText(plain)
        // Nearly always.
        if fields.id != nil || fields.stateWord != nil { return (fields, plain) }
        for wide in [SMPPReading.utf16(octets), SMPPReading.utf16(swapped: octets) ?? ""] {
            let fields = SMPPReceiptText(wide)
            if fields.id != nil || fields.stateWord != nil { return (fields, wide) }
        }
        return (fields, plain)
    }

    // MARK: texts

    private func text(_ message: SMPPMessage) -> InboundText {
        let (header, octets) = Self.split(message)
        let reading = SMPPReading(octets, dataCoding: message.dataCoding, default: alphabet == .gsm7 ? .gsm7 : .latin1)
        var text = InboundText(
            provider: provider, from: message.source.digits, to: message.destination.digits, text: reading.text,
            dataCoding: message.dataCoding, octets: octets, part: Self.part(header) ?? Self.part(message))
        if !reading.others.isEmpty { text.otherReadings = reading.others }
        return text
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
