import Domain
import NIOCore
import Testing

@testable import Transports

@Suite("what waits for an SMTP connection")
struct SMTPQueueTests {
    static func job(_ id: Int64, urgent: Bool = false, sendWithin: Duration = .seconds(60), composed: Bool = false) throws
        -> SMTPJob
    {
        var submission = mail(.init(subject: "", text: ""), id: id, sendWithin: sendWithin)
        submission.isUrgent = urgent
        let content = composed ? SMTPContent(bytes: ByteBuffer(), size: 0, isEightBit: false) : nil
        var job = SMTPJob(submission: submission, mail: try MIMEMessage(submission), batch: SMTPBatch { _ in })
        job.content = content
        return job
    }

    func id(_ job: SMTPJob?) -> Int64? { job?.submission.messageID.rawValue }

    @Test("urgent messages come first, each kind in order, and one that had its turn is next")
    func order() throws {
        var queue = SMTPQueue(ahead: 0)
        for job in [try Self.job(1), try Self.job(2, urgent: true), try Self.job(3), try Self.job(4, urgent: true)] {
            queue.append(job)
        }
        #expect(queue.count == 4 && queue.nextToCompose() == nil)
        #expect((0..<2).map { _ in id(queue.next()) } == [2, 4])
        let third = queue.next()
        queue.prepend(try #require(third))
        #expect((0..<3).map { _ in id(queue.next()) } == [1, 3, nil])
    }

    @Test("an urgent message follows no other, nothing follows while one waits, and nothing follows twice in vain")
    func followers() throws {
        var queue = SMTPQueue(ahead: 0)
        queue.append(try Self.job(1))
        queue.append(try Self.job(2, urgent: true))
        #expect(queue.nextToFollow() == nil)
        #expect(id(queue.next()) == 2)
        let follower = queue.nextToFollow()
        var first = try #require(follower)
        #expect(id(first) == 1)
        first.wasReturned = true
        queue.prepend(first)
        #expect(queue.nextToFollow() == nil && id(queue.next()) == 1)
    }

    @Test("where composing is slow only a few are composed ahead, an urgent one next, and it overtakes those that are ready")
    func ahead() throws {
        var queue = SMTPQueue(ahead: 2)
        for id in 1...5 { queue.append(try Self.job(Int64(id))) }
        #expect(id(queue.nextToCompose()) == 1 && id(queue.nextToCompose()) == 2 && queue.nextToCompose() == nil)
        #expect(queue.next() == nil && queue.count == 5)
        queue.composed(try Self.job(1, composed: true))
        queue.append(try Self.job(6, urgent: true))
        #expect(queue.nextToCompose() == nil, "one is composed, one under way")
        #expect(id(queue.next()) == 1 && id(queue.nextToCompose()) == 6)
        queue.composed(try Self.job(2, composed: true))
        #expect(id(queue.nextToFollow()) == 2)
        queue.composed(try Self.job(6, urgent: true, composed: true))
        #expect(queue.nextToFollow() == nil && id(queue.next()) == 6)
        #expect(id(queue.nextToCompose()) == 3)
        queue.composed(nil)
        #expect(queue.count == 2 && queue.removeAll().map { id($0) } == [4, 5] && queue.count == 0)
    }

    @Test("what waits in vain is found, and the soonest of the others")
    func late() throws {
        var queue = SMTPQueue(ahead: 0)
        queue.append(try Self.job(1))
        queue.append(try Self.job(2, urgent: true, sendWithin: .seconds(5)))
        queue.append(try Self.job(3, sendWithin: .seconds(-1)))
        #expect(queue.removeLate(.now).map { id($0) } == [3])
        #expect(queue.soonest.map { $0 < .now + .seconds(6) } == true)
        _ = queue.next()
        #expect(queue.soonest.map { $0 > .now + .seconds(50) } == true)
    }
}
