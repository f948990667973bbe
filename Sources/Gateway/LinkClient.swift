/// Who follows a link, as far as the request tells: a person, or one of the programs that look at links before people do. A value: no I/O.
///
/// In doubt it is a machine: what is called a person's click decides whether somebody gets another message, and what a campaign was worth. What
/// only shows in time (right after the hand-over, several links at once) `martlet_data.judge_visits` finds out.
struct LinkClient: Sendable {
    var method: String
    /// nil: it has none.
    var agent: String?
    /// Sec-Purpose, Purpose, X-Purpose and X-Moz, whichever are there.
    var purposes: [String] = []
    /// Sec-Fetch-Mode: browsers say what a request is for.
    var fetchMode: String?

    /// Why it is no person, in one word that metrics and receipts show; nil: it may be one.
    /// - Parameter isPicture: the one in HTML mails, which browsers load as such, and mail services in advance.
    func machine(isPicture: Bool) -> String? {
        if method == "HEAD" { return "head" }
        if purposes.contains(where: { purpose in Self.purposes.contains { purpose.lowercased().contains($0) } }) {
            return "prefetch"
        }
        guard let agent = agent?.lowercased(), !agent.isEmpty else { return "no_agent" }
        // What Apple's mail privacy, and several scanners, say of themselves; no browser is so short.
        if agent == "mozilla/5.0" { return "mail_privacy" }
        if Self.mailProxies.contains(where: agent.contains) { return "mail_proxy" }
        if Self.previews.contains(where: agent.contains) { return "link_preview" }
        if Self.scanners.contains(where: agent.contains) { return "scanner" }
        if Self.libraries.contains(where: agent.contains) { return "program" }
        if Self.robots.contains(where: agent.contains) { return "robot" }
        if !isPicture, let mode = fetchMode?.lowercased(), mode != "navigate" { return "no_navigation" }
        return nil
    }

    static let purposes = ["prefetch", "prerender", "preview"]
    /// They load pictures for all their mailboxes; when, says little about the reader.
    static let mailProxies = ["googleimageproxy", "ggpht.com", "yahoomailproxy"]
    /// Messengers and phones that show what a link leads to.
    static let previews = [
        "facebookexternalhit", "facebot", "whatsapp/", "telegrambot", "twitterbot", "slackbot", "slack-imgproxy", "discordbot",
        "linkedinbot", "skypeuripreview", "bingpreview", "googlemessages", "viber/", "iframely", "embedly", "redditbot",
        "pinterestbot",
        "com.apple.webkit.networking", "cfnetwork/", "dalvik/", "snippet", "preview",
    ]
    /// Mail gateways and address checkers.
    static let scanners = [
        "barracuda", "proofpoint", "mimecast", "ironport", "trendmicro", "symantec", "forcepoint", "fireeye", "sophos",
        "kaspersky",
        "bitdefender", "cloudmark", "messagelabs", "safelinks", "microsoft office", "ms-office", "msoffice", "virustotal",
        "urlscan",
        "google-safety", "phish", "scan",
    ]
    /// What programs are written with.
    static let libraries = [
        "curl/", "wget/", "python", "java/", "okhttp", "go-http-client", "apache-httpclient", "libwww", "lwp::", "node-fetch",
        "axios",
        "undici", "ruby", "php/", "guzzle", "headless", "phantomjs", "puppeteer", "playwright", "selenium", "httpie", "postman",
        "winhttp", "aiohttp", "scrapy", "reqwest",
    ]
    static let robots = ["bot", "crawl", "spider", "slurp", "monitor", "checker", "validator", "archiver", "fetcher", "feed"]
}
