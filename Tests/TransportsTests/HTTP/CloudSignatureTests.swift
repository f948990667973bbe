import Domain
import Foundation
import NIOHTTP1
import ProviderSupport
import Testing

@testable import Transports

@Suite("Signed requests of Alibaba Cloud and Tencent Cloud")
struct CloudSignatureTests {
    @Test("the example of Alibaba's documentation has the signature that is written there")
    func documented() throws {
        var request = HTTPRequestForm.Request(
            url:
                "https://ecs.cn-shanghai.aliyuncs.com/?RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
            method: .POST, headers: ["x-acs-version": "2014-05-26", "x-acs-action": "RunInstances"], body: [])
        let signature = try #require(CloudSignature("acs3-hmac-sha256 YourAccessKeyId"))
        signature.sign(
            &request, secret: "YourAccessKeySecret", now: Date(timeIntervalSince1970: 1_698_315_752),
            nonce: "3156853299f313e23d1673dc12e1703d")
        #expect(request.headers.first(name: "x-acs-date") == "2023-10-26T10:22:32Z")
        #expect(
            request.headers.first(name: "Authorization")
                == "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        )
    }

    @Test(
        "what is no scheme with its key is refused",
        arguments: [
            "", "acs3-hmac-sha256", "acs3-hmac-sha256 a b", "tc3-hmac-sha256 a", "hmac-sha256 a", "tc3-hmac-sha256 a sms x",
            "tc3-hmac-sha256 a,b sms", "acs3-hmac-sha256 a\nb",
        ])
    func refused(text: String) { #expect(CloudSignature(text) == nil) }

    @Test(
        "an option that contradicts it is named",
        arguments: [
            (["sign": "x"], "acs3-hmac-sha256 KEY-ID"), (["secret_file": ""], "secret_file"), (["token_file": "/t"], "sign"),
            (["headers": "Authorization: x"], "sign"),
        ])
    func together(changes: [String: String], word: String) throws {
        var options = [
            "url": "https://api.example.com/", "body": #"{"to": "{to}"}"#, "sign": "acs3-hmac-sha256 a", "secret_file": "/s",
        ]
        options.merge(changes) { $1.isEmpty ? "" : $1 }
        options = options.filter { !$0.value.isEmpty }
        let policy = ProviderPolicy(name: "p", transport: "http", channels: [.sms], options: options)
        do {
            try TransportFactory.check(policy)
            Issue.record("\(changes) was taken")
        } catch { #expect("\(error)".contains(word), "\(error)") }
    }

    @Test("a text within JSON within a form is one JSON string, whatever it says")
    func nested() throws {
        let text = "He said \"50 % off\" & \\ {to}\r\n你好 😀"
        let policy = try ProviderExamples.example("aliyun-sms.yaml")
        let options = try HTTPOptions(generic: policy)
        var secrets = HTTPSecrets.Values()
        secrets.secret = "s"
        let request = try options.request(submission(to: "+8613900000000", text: text), secrets)
        let body = String(decoding: request.body, as: UTF8.self)
        let pair = try #require(body.split(separator: "&").first { $0.hasPrefix("TemplateParam=") })
        let json = try #require(
            pair.dropFirst("TemplateParam=".count).replacing("+", with: " ").removingPercentEncoding)
        #expect(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String] == ["content": text])
    }
}
