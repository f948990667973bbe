/// A command_id (SMPP 3.4, 5.1.2.1). A response is its request with the highest bit set.
struct SMPPCommand: RawRepresentable, Hashable, Sendable {
    var rawValue: UInt32
    init(rawValue: UInt32) { self.rawValue = rawValue }

    static let bindReceiver = Self(rawValue: 0x01)
    static let bindTransmitter = Self(rawValue: 0x02)
    static let submit = Self(rawValue: 0x04)
    static let deliver = Self(rawValue: 0x05)
    static let unbind = Self(rawValue: 0x06)
    static let bindTransceiver = Self(rawValue: 0x09)
    static let outbind = Self(rawValue: 0x0B)
    static let enquireLink = Self(rawValue: 0x15)
    static let alertNotification = Self(rawValue: 0x102)
    static let data = Self(rawValue: 0x103)
    static let genericNack = Self(rawValue: 0x8000_0000)

    var response: Self { Self(rawValue: rawValue | 0x8000_0000) }
    var isResponse: Bool { rawValue & 0x8000_0000 != 0 }
}

/// A command_status (5.1.3). Carriers have their own beside these (0x400…0x4FF).
struct SMPPStatus: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    var rawValue: UInt32
    init(rawValue: UInt32) { self.rawValue = rawValue }
    init(_ value: UInt32) { rawValue = value }

    static let ok = Self(0x00)
    static let invalidLength = Self(0x02)
    static let invalidCommand = Self(0x03)
    static let wrongBindState = Self(0x04)
    static let alreadyBound = Self(0x05)
    static let systemError = Self(0x08)
    static let bindFailed = Self(0x0D)
    static let wrongPassword = Self(0x0E)
    static let wrongSystemID = Self(0x0F)
    static let queueFull = Self(0x14)
    static let wrongSystemType = Self(0x53)
    static let throttled = Self(0x58)
    /// The receiver cannot take it now: the carrier keeps it and tries again.
    static let temporaryReceiverError = Self(0x64)

    /// `0x0b`; two digits at least.
    var description: String {
        let digits = String(rawValue, radix: 16)
        return "0x" + (digits.count < 2 ? "0" : "") + digits
    }
}

/// What a bind is good for.
enum SMPPBindMode: String, Sendable, CaseIterable {
    case transceiver, transmitter, receiver

    var command: SMPPCommand {
        switch self {
        case .transceiver: .bindTransceiver
        case .transmitter: .bindTransmitter
        case .receiver: .bindReceiver
        }
    }
    var canSubmit: Bool { self != .receiver }
}

/// An address with its type of number and numbering plan (5.2.5, 5.2.6).
struct SMPPAddress: Sendable, Equatable {
    var ton: UInt8 = 0
    var npi: UInt8 = 0
    var digits = ""
}

/// An optional parameter (5.3.1). Those that no code here reads are dropped when decoding.
struct SMPPParameter: Sendable, Equatable {
    var tag: Tag
    var value: [UInt8]

    struct Tag: RawRepresentable, Hashable, Sendable {
        var rawValue: UInt16
        init(rawValue: UInt16) { self.rawValue = rawValue }
        init(_ value: UInt16) { rawValue = value }

        static let additionalStatusText = Self(0x001D)
        static let receiptedMessageID = Self(0x001E)
        static let sarReference = Self(0x020C)
        static let sarTotal = Self(0x020E)
        static let sarSequence = Self(0x020F)
        static let interfaceVersion = Self(0x0210)
        static let networkErrorCode = Self(0x0423)
        static let messagePayload = Self(0x0424)
        static let messageState = Self(0x0427)

        static let known: Set<Self> = [
            .additionalStatusText, .receiptedMessageID, .sarReference, .sarTotal, .sarSequence, .interfaceVersion,
            .networkErrorCode, .messagePayload, .messageState,
        ]
    }
}

/// The body of submit_sm, deliver_sm and data_sm, which share their fields (4.4, 4.6, 4.7).
struct SMPPMessage: Sendable, Equatable {
    var serviceType = ""
    var source = SMPPAddress()
    var destination = SMPPAddress()
    var esmClass: UInt8 = 0
    var protocolID: UInt8 = 0
    var priority: UInt8 = 0
    var scheduleTime = ""
    var validityPeriod = ""
    var registeredDelivery: UInt8 = 0
    var replaceIfPresent: UInt8 = 0
    var dataCoding: UInt8 = 0
    var defaultMessageID: UInt8 = 0
    /// At most 254 octets; more travel in message_payload.
    var shortMessage: [UInt8] = []
    var parameters: [SMPPParameter] = []

    func parameter(_ tag: SMPPParameter.Tag) -> [UInt8]? { parameters.first { $0.tag == tag }?.value }

    /// The octets of the text, wherever they are: short_message, or message_payload when that is empty.
    var content: [UInt8] {
        shortMessage.isEmpty ? parameter(.messagePayload) ?? [] : shortMessage
    }
    /// A user data header stands before the text.
    var hasHeader: Bool { esmClass & 0x40 != 0 }
}

/// The body of the three binds (4.1). Descriptions never show the password.
struct SMPPBind: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var systemID = ""
    var password = ""
    var systemType = ""
    var interfaceVersion: UInt8 = 0x34
    var addressRange = SMPPAddress()

    var description: String { "bind of \(systemID)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: ["systemID": systemID]) }
}

/// One protocol data unit.
struct SMPPPDU: Sendable, Equatable {
    var status = SMPPStatus.ok
    var sequence: UInt32
    var body: Body

    enum Body: Sendable, Equatable {
        indirect case bind(SMPPBindMode, SMPPBind)
        /// `version`: sc_interface_version, where the peer names it.
        indirect case bindResponse(SMPPBindMode, systemID: String, version: UInt8?)
        indirect case submit(SMPPMessage)
        /// nil: no body, as an error response may have.
        case submitResponse(id: String?)
        indirect case deliver(SMPPMessage)
        case deliverResponse(id: String?)
        indirect case data(SMPPMessage)
        case dataResponse(id: String?)
        case enquireLink, enquireLinkResponse, unbind, unbindResponse, genericNack
        /// Requests that want no answer, and that we did not ask for.
        case outbind, alertNotification
    }

    var command: SMPPCommand {
        switch body {
        case .bind(let mode, _): mode.command
        case .bindResponse(let mode, _, _): mode.command.response
        case .submit: .submit
        case .submitResponse: .submit.response
        case .deliver: .deliver
        case .deliverResponse: .deliver.response
        case .data: .data
        case .dataResponse: .data.response
        case .enquireLink: .enquireLink
        case .enquireLinkResponse: .enquireLink.response
        case .unbind: .unbind
        case .unbindResponse: .unbind.response
        case .genericNack: .genericNack
        case .outbind: .outbind
        case .alertNotification: .alertNotification
        }
    }
}
