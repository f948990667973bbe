import Callbacks
import Domain
import NIOHTTP1

/// Twilio's Messages API, and those that are compatible with it: a form to
/// `/2010-04-01/Accounts/{sid}/Messages.json` with basic authentication.
extension HTTPOptions {
    /// - Throws: `ProviderError`.
    init(twilio policy: ProviderPolicy) throws {
        var options = ProviderOptions(policy)
        let account = try options.required(
            "account_sid", remedy: "write the account's SID, AC and 32 digits, from Twilio's console")
        guard account.wholeMatch(of: /[A-Za-z0-9_\-]{1,64}/) != nil else {
            throw options.bad("account_sid", account, "use the SID as the console shows it")
        }
        var base = options.text("base_url") ?? "https://api.twilio.com"
        while base.hasSuffix("/") { base.removeLast() }
        guard !base.contains("{"), !base.contains("?") else {
            throw options.bad("base_url", base, "use scheme and host, such as https://api.twilio.com")
        }
        let form = try Self.twilioForm(&options, base: base, account: account)
        try self.init(&options, policy, url: base, form: form, rules: .twilio)
        // An API key is its own user, the token of the account belongs to the account.
        if let key = options.text("api_key_sid") {
            user = key
            passwordOption = "api_key_secret_file"
        } else {
            user = account
            passwordOption = "auth_token_file"
        }
        passwordFile = try options.required(
            passwordOption, remedy: "name the file with the auth token, or api_key_sid and api_key_secret_file")
        testURL = try Self.plain("\(base)/2010-04-01/Accounts/\(account).json", options)
        callbacks = CallbackOptions(twilio: &options)
        let range = Duration.seconds(1) ... .seconds(36_000)
        maximumValidity = min(maximumValidity, range.upperBound)
        try options.finish()
    }

    private static func twilioForm(_ options: inout ProviderOptions, base: String, account: String) throws -> HTTPRequestForm {
        let prefix = options.text("address_prefix") ?? ""
        guard prefix.wholeMatch(of: /[a-z]*:?/) != nil else {
            throw options.bad("address_prefix", prefix, "use whatsapp: for WhatsApp, nothing for SMS")
        }
        var pairs = [(name: "To", value: try plain(prefix + "{to}", options))]
        if let service = options.text("messaging_service_sid") {
            pairs.append(("MessagingServiceSid", try plain(service, options)))
        } else {
            pairs.append(("From", try plain(prefix + "{from}", options)))
        }
        pairs.append(("Body", try plain("{text}", options)))
        if options.text("validity") == "off" {
        } else if options.text("validity").map({ $0 == "on" }) ?? true {
            pairs.append(("ValidityPeriod", try plain("{validity_seconds}", options)))
        } else {
            throw options.bad("validity", options.text("validity") ?? "", "use on or off")
        }
        if let callback = options.text("status_callback") {
            let template = try plain(callback, options)
            guard callback.hasPrefix("https://") || callback.hasPrefix("http://"),
                template.fields.isSubset(of: [.messageID, .attempt, .provider])
            else {
                throw options.bad(
                    "status_callback", callback, "use a url, with {message_id}, {attempt} and {provider} where you want them")
            }
            pairs.append(("StatusCallback", template))
        }
        do {
            let url = try HTTPTemplate("\(base)/2010-04-01/Accounts/\(account)/Messages.json", .url)
            let type = try HTTPTemplate("application/x-www-form-urlencoded", .none)
            let accept = try HTTPTemplate("application/json", .none)
            return HTTPRequestForm(
                method: .POST, url: url, headers: [("Content-Type", type), ("Accept", accept)], body: .form(pairs))
        } catch {
            throw options.bad("base_url", base, "it may contain no braces")
        }
    }

    private static func plain(_ text: String, _ options: ProviderOptions) throws -> HTTPTemplate {
        do { return try HTTPTemplate(text, .none) } catch {
            throw options.bad("status_callback", "{\(error.name)}", "use {message_id}, {attempt} and {provider}")
        }
    }
}

extension HTTPRules {
    /// Twilio's error dictionary (https://www.twilio.com/docs/api/errors): what Messages answers at once.
    static let twilio: HTTPRules = {
        do {
            var rules = HTTPRules(accepted: try HTTPAcceptance("2xx"))
            rules.id = HTTPSelector("sid")
            rules.errorCode = HTTPSelector("code")
            rules.errorText = HTTPSelector("message")
            rules.errors = try HTTPErrorRule.parse(twilioErrors)
            rules.prefix = "twilio"
            return rules
        } catch {
            preconditionFailure("the table of Twilio's errors cannot be read: \(error)")
        }
    }()

    private static let twilioErrors = """
        # the recipient said STOP
        21610=suppress
        # not a number; cannot receive SMS; no route to it from this sender
        21211=recipient; 21217=recipient; 21401=recipient; 21407=recipient; 21612=recipient; 21614=recipient; 63003=recipient; 63024=recipient
        # the sender may not be used, or not towards this country
        21212=sender; 21408=sender; 21603=sender; 21606=sender; 21607=sender; 21608=sender; 21618=sender; 21659=sender; 21660=sender
        21661=sender; 21704=sender; 21712=sender; 21910=sender; 63007=sender
        # no text, too long, refused
        21602=content; 21605=content; 21616=content; 21617=content; 21619=content; 21620=content; 21623=content; 21654=content
        21655=content; 21656=content; 63013=content; 63016=content; 63019=content
        # slower; the queue of this sender is full; the day's limit
        14107=throttled; 20429=throttled; 21611=throttled; 30022=throttled; 63017=throttled; 63018=throttled; 63038=throttled
        # credentials, account, messaging service, callback
        20003=configuration; 20004=configuration; 20005=configuration; 20006=configuration; 20008=configuration; 20404=configuration
        21609=configuration; 21626=configuration; 21701=configuration; 21702=configuration; 21703=configuration; 21705=configuration
        """.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n")
}
