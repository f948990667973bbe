import NIOCore

/// PDUs as octets (SMPP 3.4, chapter 4).
enum SMPPEncoder {
    /// One frame. For what leaves often, `frame` takes a body that was encoded before.
    static func write(_ pdu: SMPPPDU, into buffer: inout ByteBuffer) {
        let start = buffer.writerIndex
        buffer.writeMultipleIntegers(UInt32(0), pdu.command.rawValue, pdu.status.rawValue, pdu.sequence)
        writeBody(pdu, into: &buffer)
        buffer.setInteger(UInt32(buffer.writerIndex - start), at: start)
    }

    /// A frame whose body is there already.
    @inline(__always)
    static func frame(_ command: SMPPCommand, sequence: UInt32, body: ByteBuffer, into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(UInt32(16 + body.readableBytes), command.rawValue, UInt32(0), sequence)
        buffer.writeImmutableBuffer(body)
    }

    /// The body of a submit_sm, without header.
    static func submitBody(_ message: SMPPMessage) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 96 + message.content.count)
        writeMessage(message, into: &buffer)
        return buffer
    }

    private static func writeBody(_ pdu: SMPPPDU, into buffer: inout ByteBuffer) {
        switch pdu.body {
        case .bind(_, let bind): write(bind, into: &buffer)
        case .bindResponse(_, let systemID, let version):
            buffer.writeSMPP(systemID)
            if let version { write(SMPPParameter(tag: .interfaceVersion, value: [version]), into: &buffer) }
        case .submit(let message), .deliver(let message): writeMessage(message, into: &buffer)
        case .data(let message): writeData(message, into: &buffer)
        case .submitResponse(let id), .deliverResponse(let id), .dataResponse(let id):
            if let id { buffer.writeSMPP(id) }
        case .enquireLink, .enquireLinkResponse, .unbind, .unbindResponse, .genericNack, .outbind, .alertNotification: break
        }
    }

    private static func write(_ bind: SMPPBind, into buffer: inout ByteBuffer) {
        buffer.writeSMPP(bind.systemID)
        buffer.writeSMPP(bind.password)
        buffer.writeSMPP(bind.systemType)
        buffer.writeInteger(bind.interfaceVersion)
        buffer.writeSMPP(bind.addressRange)
    }

    private static func writeMessage(_ message: SMPPMessage, into buffer: inout ByteBuffer) {
        buffer.writeSMPP(message.serviceType)
        buffer.writeSMPP(message.source)
        buffer.writeSMPP(message.destination)
        buffer.writeMultipleIntegers(message.esmClass, message.protocolID, message.priority)
        buffer.writeSMPP(message.scheduleTime)
        buffer.writeSMPP(message.validityPeriod)
        buffer.writeMultipleIntegers(
            message.registeredDelivery, message.replaceIfPresent, message.dataCoding, message.defaultMessageID)
        if message.shortMessage.count <= 254 {
            buffer.writeInteger(UInt8(message.shortMessage.count))
            buffer.writeBytes(message.shortMessage)
        } else {
            buffer.writeInteger(UInt8(0))
            write(SMPPParameter(tag: .messagePayload, value: message.shortMessage), into: &buffer)
        }
        for parameter in message.parameters { write(parameter, into: &buffer) }
    }

    private static func writeData(_ message: SMPPMessage, into buffer: inout ByteBuffer) {
        buffer.writeSMPP(message.serviceType)
        buffer.writeSMPP(message.source)
        buffer.writeSMPP(message.destination)
        buffer.writeMultipleIntegers(message.esmClass, message.registeredDelivery, message.dataCoding)
        for parameter in message.parameters { write(parameter, into: &buffer) }
    }

    private static func write(_ parameter: SMPPParameter, into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(parameter.tag.rawValue, UInt16(clamping: parameter.value.count))
        buffer.writeBytes(parameter.value.prefix(Int(UInt16.max)))
    }
}
