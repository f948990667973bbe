import Callbacks
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Store
import Synchronization
import Telemetry

/// Tracked links and pictures. Who follows a link is led to the address that was stored when the message was sent, and nowhere else; that it was
/// followed is written down afterwards, so that no reader waits for it.
struct LinkFollowing: Sendable {
    let policy: GatewayPolicy
    let database: Database
    let hits: BatchQueue<LinkHit>
    let meters: Meters
    let logger: Logger
    private let recent = RecentLinkHits()
    /// A person waits.
    static let deadline = Duration.seconds(3)

    init(policy: GatewayPolicy, database: Database, hits: BatchQueue<LinkHit>, meters: Meters, logger: Logger) {
        self.policy = policy
        self.database = database
        self.hits = hits
        self.meters = meters
        self.logger = logger
    }

    /// `/c/TOKEN`
    func follow(_ request: Request, token: String) async -> Response {
        let page = LinkPage(languages: request.headers[.acceptLanguage])
        guard let snapshot = policy.snapshot else { return refuse("failed", page.later(5)) }
        guard let token = LinkToken(token), policy.mayExist(token.messageID) else {
            return refuse("forged", page.unknown())
        }
        guard let links = snapshot.tracked else { return refuse("forged", page.unknown()) }
        guard let secret = links.secret else { return refuse("failed", page.later(60)) }
        do {
            let found = try await database.run(FindMessageLinks(messageID: token.messageID), within: Self.deadline)
            guard let found, let index = secret.target(of: token, among: found.targets) else {
                return refuse("forged", page.unknown())
            }
            guard !found.isExpired else { return refuse("expired", page.expired()) }
            guard let location = Self.location(found.targets[index]) else { return refuse("failed", page.unknown()) }
            let machine = Self.client(request).machine(isPicture: false)
            note(LinkHit(token.messageID, link: Int16(clamping: index + 1), machine: machine))
            count(machine == nil ? "followed" : "machine")
            return location
        } catch {
            logger.warning("a link cannot be looked up", metadata: ["error": "\(error)"])
            return refuse("failed", page.later(5))
        }
    }

    /// `/o/TOKEN.gif`: the picture comes whatever the token is worth. Nothing is asked of the database.
    func picture(_ request: Request, token: String) -> Response {
        if let token = LinkToken(token), let secret = policy.snapshot?.tracked?.secret, secret.isOpen(token) {
            let machine = Self.client(request).machine(isPicture: true)
            note(LinkHit(token.messageID, link: 0, machine: machine))
            meters.count("martlet_opens_total", [("result", machine == nil ? "opened" : "machine")])
        } else {
            meters.count("martlet_opens_total", [("result", "forged")])
        }
        var response = Response.text(.ok)
        response.headers[.contentType] = "image/gif"
        response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: Self.gif))
        return response
    }

    /// 1 × 1, transparent.
    private static let gif: [UInt8] =
        Array("GIF89a".utf8) + [
            1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x21, 0xF9, 4, 1, 0, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0,
        ]
        + [0, 2, 2, 0x44, 1, 0, 0x3B]

    private static func location(_ target: String) -> Response? {
        // What was stored was checked; a row that was changed by hand since then leads no reader astray either.
        guard target.prefix(4).lowercased() == "http", target.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            target.utf8.count <= LinkTracking.longestTarget
        else { return nil }
        var response = Response.text(.found)
        response.headers[.location] = target
        for (name, value) in LinkPage.headers { response.headers[name] = value }
        return response
    }

    private static func client(_ request: Request) -> LinkClient {
        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { request.headers[$0] } }
        return LinkClient(
            method: request.method.rawValue, agent: request.headers[.userAgent],
            purposes: ["Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"].compactMap(header), fetchMode: header("Sec-Fetch-Mode"))
    }

    private func note(_ hit: LinkHit) {
        guard recent.isNew(hit) else { return }
        if !hits.offer(hit) { meters.count("martlet_link_visits_lost_total") }
    }

    private func refuse(_ word: String, _ response: Response) -> Response {
        count(word)
        return response
    }

    private func count(_ word: String) { meters.count("martlet_clicks_total", [("result", word)]) }
}

/// The same hit of the same second need not be written again: a program that hammers on one link fills no table.
private final class RecentLinkHits: Sendable {
    private struct Key: Hashable {
        var messageID: MessageID
        var link: Int16
        var machine: String?
    }
    private static let most = 4096
    private let seen = Mutex<[Key: ContinuousClock.Instant]>([:])

    func isNew(_ hit: LinkHit) -> Bool {
        let key = Key(messageID: hit.messageID, link: hit.link, machine: hit.machine)
        return seen.withLock { seen in
            if let last = seen[key], hit.at - last < .seconds(1) { return false }
            if seen.count >= Self.most { seen.removeAll(keepingCapacity: true) }
            seen[key] = hit.at
            return true
        }
    }
}
