import Callbacks

/// What a carrier wants its submits to look like.
struct SMPPAccount: Sendable {
    /// What data_coding 0 or 3 is used for texts that are not UCS-2.
    enum Alphabet: String, Sendable, CaseIterable {
        /// data_coding 0: GSM 03.38, one septet in an octet.
        case gsm7
        /// data_coding 3: ISO 8859-1.
        case latin1
    }
    /// How the parts of a long text are held together.
    enum LongText: String, Sendable, CaseIterable {
        /// User data header with an 8-bit reference (3GPP TS 23.040, 9.2.3.24.1).
        case udh8
        /// With a 16-bit reference (9.2.3.24.8).
        case udh16
        /// sar_msg_ref_num, sar_total_segments, sar_segment_seqnum.
        case sar
        /// One submit with message_payload; the centre divides it.
        case payload
    }
    /// Which receipts are asked for (5.2.17).
    enum Receipts: String, Sendable, CaseIterable { case none, final, failure }
    enum ReceiptParts: String, Sendable, CaseIterable { case every, last }
    enum Validity: String, Sendable, CaseIterable { case relative, absolute, off }

    var serviceType = ""
    /// nil: by the look of the sender.
    var sourceTON: UInt8?
    var sourceNPI: UInt8?
    var destinationTON: UInt8 = 1
    var destinationNPI: UInt8 = 1
    var alphabet = Alphabet.gsm7
    var longText = LongText.udh8
    var receipts = Receipts.final
    var intermediateReceipts = false
    var receiptParts = ReceiptParts.every
    var validity = Validity.relative
    var maximumValidity = Duration.seconds(72 * 3600)
    var statuses: [SMPPStatus: SMPPStatusClass] = [:]
    /// What the words behind `stat:` mean, first match counts.
    var receiptStates: [CallbackStateRule] = []

    /// registered_delivery of one part.
    func registeredDelivery(isLast: Bool) -> UInt8 {
        guard isLast || receiptParts == .every else { return 0 }
        let base: UInt8 =
            switch receipts {
            case .none: 0
            case .final: 1
            case .failure: 2
            }
        return base | (intermediateReceipts ? 0x10 : 0)
    }
}
