-- Consents and opt-outs, as the shop's account service would record them. `people` is the file, one JSON document per line.
create temporary table lines (o jsonb);
\copy lines from pstdin with (format csv, quote e'\x01', delimiter e'\x02')
select count(martlet.record_consent(recipient_key => o ->> 'key', channel => o ->> 'channel', purpose => 'marketing',
    status => o ->> 'consent', method => 'account page', wording => 'Yes, write to me about offers')) from lines where o ? 'consent';
select count(martlet.suppress(channel => o ->> 'channel', recipient => o ->> 'suppress', scope => o ->> 'scope', reason => 'opt_out'))
    from lines where o ? 'suppress';
