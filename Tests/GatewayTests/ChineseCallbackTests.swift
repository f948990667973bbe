import PipelineSupport
import TestSupport
import Testing

extension Gateways {
    @Suite("Reports and replies of Aliyun and Tencent", .timeLimit(.minutes(3)))
    struct ChineseCallbackTests {
        @Test("are kept, and get the answer without which they come again")
        func both() async throws {
            try await GatewayShop.with(["aliyun-sms.yaml", "tencent-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let json = ["-H", "Content-Type: application/json", "--data-binary"]
                let first = try await bench.accepted(by: "aliyun", to: "+8613900000001")
                let second = try await bench.accepted(by: "aliyun", to: "+8613900000002")
                let aliyun = try await gateway.request(
                    "/callbacks/aliyun?key=\(GatewayShop.secret)",
                    json + [
                        #"[{"phone_number":"13900000001","send_time":"2026-01-01 00:00:00","report_time":"2026-01-01 00:00:01","success":true,"err_code":"DELIVERED","err_msg":"用户接收成功","sms_size":"1","biz_id":"1^0","out_id":"\#(first).1"},"#
                            + #"{"phone_number":"13900000002","success":false,"err_code":"MK:0001","err_msg":"x","sms_size":"1","biz_id":"2^0","out_id":"\#(second).1"}]"#
                    ])
                #expect(aliyun.status == 200 && aliyun.body == #"{"code":0,"msg":"OK"}"#, "\(aliyun)")
                #expect(try await bench.state(first) == "delivered")
                #expect(try await bench.state(second) == "undelivered undeliverable_MK:0001")

                let third = try await bench.accepted(by: "tencent", to: "+8613900000003", id: "5000:104571066915705")
                let report =
                    #"[{"user_receive_time":"2026-10-17 08:03:04","nationcode":"86","mobile":"13900000003","report_status":"FAIL","errmsg":"UNDELIV","description":"x","sid":"5000:104571066915705"}]"#
                let tencent = try await gateway.request("/callbacks/tencent?key=\(GatewayShop.secret)", json + [report])
                #expect(tencent.status == 200 && tencent.body == #"{"result":0,"errmsg":"OK"}"#, "\(tencent)")
                #expect(try await bench.state(third) == "undelivered undeliverable_UNDELIV")

                let reply =
                    #"{"extend":"","mobile":"13900000003","nationcode":"86","sign":"青燕商城","text":"退订","time":1457336869}"#
                #expect(try await gateway.request("/callbacks/tencent?key=\(GatewayShop.secret)", json + [reply]).status == 200)
                #expect(try await bench.shop.texts("select body from martlet_data.inbound_texts") == ["退订"])
                #expect(try await gateway.request("/callbacks/tencent?key=wrong", json + [reply]).status == 403)
                try await gateway.stop()
            }
        }
    }
}
