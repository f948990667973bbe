import CarrierSupport
import NIOCore
import Testing

@testable import Transports

@Suite("SMPP: what has left, and what has not")
struct SMPPUnwrittenTests {
    @Test("what the system did not take before the bind ended has not left; what it took, or may have taken, is in doubt")
    func unwritten() throws {
        var session = SMPPSession<Int>(SMPPSessionConfiguration())
        let now = ContinuousClock.now
        var actions: [SMPPSession<Int>.Action] = []
        session.start(now: now)
        _ = session.takeOutput()
        var answer = ByteBuffer(bytes: Frame(command: 0x8000_0009, sequence: 1, body: [0]).bytes)
        session.received(&answer, now: now, &actions)
        func submit(_ tickets: Int...) throws -> SMPPOutput {
            for ticket in tickets {
                session.submit(ByteBuffer(bytes: [0]), ticket: ticket, answerBy: now + .seconds(9), now: now)
            }
            let output = session.takeOutput()
            return try #require(output)
        }
        let taken = try submit(1)
        #expect(taken.rest == nil && taken.first.readableBytes == 17)
        let lost = try submit(2, 3)
        #expect(lost.first.readableBytes == 17 && lost.rest?.readableBytes == 17 && lost.submits.count == 2)
        session.notWritten(lost.submits)
        actions = []
        session.connectionClosed("broken pipe", now: now, &actions)
        let answers = actions.compactMap { action -> String? in
            guard case .answered(let ticket, let answer, _) = action else { return nil }
            return "\(ticket) \(SMPPPool.outcome(answer, [:]).summary)"
        }
        #expect(
            answers == [
                "1 unknown connection_lost provider counted", "2 deferred connection_lost provider kept",
                "3 deferred connection_lost provider kept",
            ])
    }
}
