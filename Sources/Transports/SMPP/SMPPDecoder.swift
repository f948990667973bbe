import NIOCore
import Text

/// What came out of the octets of a peer. Nothing here is an exception: every case has its answer.
enum SMPPInput: Sendable, Equatable {
    case pdu(SMPPPDU)
    /// A command_id that SMPP 3.4 does not have, or that no centre sends: generic_nack 0x03.
    case unknownCommand(SMPPCommand, sequence: UInt32)
    /// A frame of sound length whose inside is not; the next frame can be read all the same.
    case malformed(SMPPCommand, sequence: UInt32, field: String)
    /// A command_length below 16 or above 64 KiB: it cannot be known where the next frame begins. The last input there is.
    case badLength(UInt32, sequence: UInt32)
}

/// Cuts a stream of octets into frames and reads them. Holds at most one frame that is not complete.
struct SMPPDecoder: Sendable {
    /// Longer frames are refused; message_payload could ask for a little more, no carrier does.
    static let maximumLength = 65_536

    private var buffer = ByteBuffer()
    private var isBroken = false

    mutating func append(_ bytes: inout ByteBuffer) {
        guard !isBroken else { return }
        if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeBuffer(&bytes) }
    }

    /// The next complete frame; nil: there is none yet.
    mutating func next() -> SMPPInput? {
        guard !isBroken, let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else { return nil }
        guard length >= 16, length <= UInt32(Self.maximumLength) else {
            isBroken = true
            // The header may be sound all the same; its number makes the nack useful.
            let sequence = buffer.getInteger(at: buffer.readerIndex + 12, as: UInt32.self) ?? 0
            buffer = ByteBuffer()
            return .badLength(length, sequence: sequence)
        }
        guard var frame = buffer.readSlice(length: Int(length)) else {
            // Keeps what is read already from piling up while a frame trickles in.
            if buffer.readerIndex > Self.maximumLength { buffer.discardReadBytes() }
            return nil
        }
        frame.moveReaderIndex(forwardBy: 4)
        guard let (command, status, sequence) = frame.readMultipleIntegers(as: (UInt32, UInt32, UInt32).self) else {
            return .badLength(length, sequence: 0)
        }
        return Self.read(SMPPCommand(rawValue: command), SMPPStatus(status), sequence, frame)
    }

    private static func read(_ command: SMPPCommand, _ status: SMPPStatus, _ sequence: UInt32, _ bytes: ByteBuffer) -> SMPPInput {
        var reader = SMPPReader(bytes: bytes)
        do throws(SMPPMalformed) {
            guard let body = try body(command, &reader) else { return .unknownCommand(command, sequence: sequence) }
            return .pdu(SMPPPDU(status: status, sequence: sequence, body: body))
        } catch {
            return .malformed(command, sequence: sequence, field: error.field)
        }
    }

    private static func body(_ command: SMPPCommand, _ reader: inout SMPPReader) throws(SMPPMalformed) -> SMPPPDU.Body? {
        switch command {
        case .submit.response: .submitResponse(id: reader.restText())
        case .deliver: .deliver(try reader.message())
        case .data: .data(try reader.dataMessage())
        case .data.response: .dataResponse(id: reader.restText())
        case .deliver.response: .deliverResponse(id: reader.restText())
        case .enquireLink: .enquireLink
        case .enquireLink.response: .enquireLinkResponse
        case .unbind: .unbind
        case .unbind.response: .unbindResponse
        case .genericNack: .genericNack
        case .submit: .submit(try reader.message())
        case .bindTransceiver: .bind(.transceiver, try reader.bind())
        case .bindTransmitter: .bind(.transmitter, try reader.bind())
        case .bindReceiver: .bind(.receiver, try reader.bind())
        case .bindTransceiver.response: try reader.bindResponse(.transceiver)
        case .bindTransmitter.response: try reader.bindResponse(.transmitter)
        case .bindReceiver.response: try reader.bindResponse(.receiver)
        case .outbind: .outbind
        case .alertNotification: .alertNotification
        default: nil
        }
    }
}

/// A frame of sound length that does not hold what its command needs.
struct SMPPMalformed: Error, Equatable {
    var field: String
}

/// Reads the fields of one body, as tolerant as can be without guessing: strings may be longer than the standard says.
struct SMPPReader {
    var bytes: ByteBuffer

    mutating func byte(_ field: String) throws(SMPPMalformed) -> UInt8 {
        guard let byte = bytes.readInteger(as: UInt8.self) else { throw SMPPMalformed(field: field) }
        return byte
    }

    /// A C-octet string; without its NUL it is an error, since fields follow.
    mutating func text(_ field: String) throws(SMPPMalformed) -> String {
        guard let length = bytes.readableBytesView.firstIndex(of: 0).map({ $0 - bytes.readerIndex }),
            let slice = bytes.readSlice(length: length)
        else { throw SMPPMalformed(field: field) }
        bytes.moveReaderIndex(forwardBy: 1)
        return Latin1.string(slice.readableBytesView)
    }

    /// The last string of a body, which some centres do not end with a NUL, and which errors leave out. nil: nothing at all.
    mutating func restText() -> String? {
        let view = bytes.readableBytesView
        if view.isEmpty { return nil }
        return Latin1.string(view.prefix { $0 != 0 })
    }

    mutating func address(_ field: String) throws(SMPPMalformed) -> SMPPAddress {
        SMPPAddress(ton: try byte(field), npi: try byte(field), digits: try text(field))
    }

    mutating func bind() throws(SMPPMalformed) -> SMPPBind {
        SMPPBind(
            systemID: try text("system_id"), password: try text("password"), systemType: try text("system_type"),
            interfaceVersion: try byte("interface_version"), addressRange: try address("address_range"))
    }

    /// Without a body it is a refusal, or a peer that says as little as it can.
    mutating func bindResponse(_ mode: SMPPBindMode) throws(SMPPMalformed) -> SMPPPDU.Body {
        guard bytes.readableBytes > 0, bytes.readableBytesView.contains(0) else {
            return .bindResponse(mode, systemID: restText() ?? "", version: nil)
        }
        let systemID = try text("system_id")
        let version = try parameters().first { $0.tag == .interfaceVersion }?.value.first
        return .bindResponse(mode, systemID: systemID, version: version)
    }

    mutating func message() throws(SMPPMalformed) -> SMPPMessage {
        var message = SMPPMessage()
        message.serviceType = try text("service_type")
        message.source = try address("source_addr")
        message.destination = try address("destination_addr")
        message.esmClass = try byte("esm_class")
        message.protocolID = try byte("protocol_id")
        message.priority = try byte("priority_flag")
        message.scheduleTime = try text("schedule_delivery_time")
        message.validityPeriod = try text("validity_period")
        message.registeredDelivery = try byte("registered_delivery")
        message.replaceIfPresent = try byte("replace_if_present_flag")
        message.dataCoding = try byte("data_coding")
        message.defaultMessageID = try byte("sm_default_msg_id")
        let length = Int(try byte("sm_length"))
        guard let octets = bytes.readBytes(length: length) else { throw SMPPMalformed(field: "short_message") }
        message.shortMessage = octets
        message.parameters = try parameters()
        return message
    }

    mutating func dataMessage() throws(SMPPMalformed) -> SMPPMessage {
        var message = SMPPMessage()
        message.serviceType = try text("service_type")
        message.source = try address("source_addr")
        message.destination = try address("destination_addr")
        message.esmClass = try byte("esm_class")
        message.registeredDelivery = try byte("registered_delivery")
        message.dataCoding = try byte("data_coding")
        message.parameters = try parameters()
        return message
    }

    /// All optional parameters that somebody here reads. One that overruns its frame is an error.
    mutating func parameters() throws(SMPPMalformed) -> [SMPPParameter] {
        var parameters: [SMPPParameter] = []
        while let (tag, length) = bytes.readMultipleIntegers(as: (UInt16, UInt16).self) {
            guard let value = bytes.readSlice(length: Int(length)) else { throw SMPPMalformed(field: "optional parameter") }
            let known = SMPPParameter.Tag(tag)
            if SMPPParameter.Tag.known.contains(known) {
                parameters.append(SMPPParameter(tag: known, value: Array(value.readableBytesView)))
            }
        }
        // Fewer than four octets are no parameter; some centres pad with NULs.
        guard bytes.readableBytesView.allSatisfy({ $0 == 0 }) else { throw SMPPMalformed(field: "optional parameter") }
        return parameters
    }
}
