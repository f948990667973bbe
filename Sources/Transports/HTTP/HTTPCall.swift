import AsyncHTTPClient
import Domain
import NIOCore
import NIOHTTP1

/// One submission on its way through the pool.
struct HTTPJob: Sendable {
    let submission: Submission
    let request: HTTPRequestForm.Request
    /// What must not appear in a failure's words.
    let hidden: [String]
    let result: @Sendable ([SubmissionResult]) -> Void
    let queued = ContinuousClock.now
    /// Given to a connection that turned out to be closed: once is bad luck.
    var wasReturned = false

    func answer(_ outcome: Outcome, latency: Duration? = nil) {
        let latency = latency ?? .now - queued
        result([.init(messageID: submission.messageID, attempt: submission.attempt, outcome: outcome, latency: latency)])
    }
}

/// One request: knows how much of it has left and how much of the answer has come. Reports once.
final class HTTPCall: HTTPClientResponseDelegate, @unchecked Sendable {
    // @unchecked: only touched on the pool's event loop, on which the client calls its delegates.
    typealias Response = Void

    enum Event {
        case answered(HTTPAnswer)
        /// No status came. `isWritten`: something of the request has left.
        case failed(any Error, isWritten: Bool)
        /// `sendBy` or `answerBy`.
        case late(isWritten: Bool)
    }

    let job: HTTPJob
    /// When the pool let it go: what is found out later concerns later ones.
    let started = ContinuousClock.now
    private let eventLoop: any EventLoop
    private let report: (HTTPCall, Event) -> Void
    /// When its first byte was given to the system; nil: nothing has left.
    private(set) var writtenAt: ContinuousClock.Instant?
    private var name = ""
    private let gates: HTTPGates
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []
    private var timer: Scheduled<Void>?
    private var task: HTTPClient.Task<Void>?
    private var isOver = false

    /// - Parameter gates: those of the client that it will be started on.
    init(_ job: HTTPJob, on eventLoop: any EventLoop, gates: HTTPGates, report: @escaping (HTTPCall, Event) -> Void) {
        self.job = job
        self.eventLoop = eventLoop
        self.gates = gates
        self.report = report
    }

    var isWritten: Bool { writtenAt != nil }

    // MARK: the pool's side

    func start(_ client: HTTPClient) {
        let request: HTTPClient.Request
        do {
            let body = job.request.body
            var headers = job.request.headers
            name = gates.add(self)
            headers.add(name: HTTPGate.header, value: name)
            request = try HTTPClient.Request(
                url: job.request.url, method: job.request.method, headers: headers,
                body: body.isEmpty ? nil : .byteBuffer(ByteBuffer(bytes: body)))
        } catch {
            return finish(.failed(error, isWritten: false))
        }
        wait(until: leaveBy)
        let task = client.execute(request: request, delegate: self, eventLoop: .delegate(on: eventLoop), deadline: nil)
        self.task = task
        // Not every failure comes by the delegate: a client that is being closed says it here only.
        task.futureResult.whenFailure { [weak self] in self?.ended($0) }
    }

    private var leaveBy: ContinuousClock.Instant { min(job.submission.sendBy, job.submission.answerBy) }

    /// Whether its first byte may leave now; if so it does.
    func mayLeave() -> Bool {
        guard !isOver else { return false }
        let now = ContinuousClock.now
        guard now < leaveBy else {
            finish(.late(isWritten: false))
            return false
        }
        writtenAt = now
        wait(until: job.submission.answerBy)
        return true
    }

    /// The system did not take it.
    func neverLeft() { writtenAt = nil }

    /// Nothing of it has been written: it never will be.
    func withdraw() {
        isOver = true
        _ = gates.take(name)
        timer?.cancel()
        task?.cancel()
    }

    private func wait(until instant: ContinuousClock.Instant) {
        timer?.cancel()
        timer = eventLoop.scheduleTask(in: TimeAmount(max(.zero, instant - .now))) { self.timedOut() }
    }

    private func timedOut() {
        if let head { finish(.answered(answer(head, isComplete: false))) } else { finish(.late(isWritten: isWritten)) }
        task?.cancel()
    }

    private func finish(_ event: Event) {
        guard !isOver else { return }
        isOver = true
        _ = gates.take(name)
        timer?.cancel()
        report(self, event)
    }

    private func answer(_ head: HTTPResponseHead, isComplete: Bool) -> HTTPAnswer {
        HTTPAnswer(status: Int(head.status.code), headers: head.headers, body: body, isComplete: isComplete)
    }

    /// The status was there, so the answer is; what is missing of the body is missing.
    private func ended(_ error: any Error) {
        if let head {
            finish(.answered(answer(head, isComplete: false)))
        } else {
            finish(.failed(error, isWritten: isWritten))
        }
    }

    // MARK: the client's side

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        self.head = head
        return eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        let room = HTTPAnswer.maximumBody - body.count
        buffer.viewBytes(at: buffer.readerIndex, length: min(room, buffer.readableBytes))?.withUnsafeBytes { body += $0 }
        guard buffer.readableBytes > room else { return eventLoop.makeSucceededVoidFuture() }
        if let head { finish(.answered(answer(head, isComplete: false))) }
        // Failing is how the rest is refused: the client closes the connection.
        return eventLoop.makeFailedFuture(HTTPBodyTooLong())
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) { ended(error) }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws {
        if let head { finish(.answered(answer(head, isComplete: true))) }
    }
}

/// An answer's body is longer than `HTTPAnswer.maximumBody`.
struct HTTPBodyTooLong: Error {}
