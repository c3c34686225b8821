-- wrk: single events of ten features; ids differ between requests, threads and runs.
local count, prefix = 0, ""

function setup(thread)
   threads = (threads or 0) + 1
   thread:set("number", threads)
end

function init(args)
   prefix = string.format("%s-%d-", args[1] or "w", number)
   wrk.method = "POST"
   wrk.headers["Content-Type"] = "application/json"
end

function request()
   count = count + 1
   return wrk.format(nil, nil, nil, string.format(
      '{"id":"%s%d","timestamp":1767261600000,"predicted":"a","score":0.2512,"features":[0.1234,-1.2345,2.3456,0.4567,-0.5678,0.6789,1.789,-0.8901,0.9012,0.0123]}',
      prefix, count))
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format('\n{"rate": %.3f, "p50": %.4f, "p99": %.4f, "failed": %d}\n',
      summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
