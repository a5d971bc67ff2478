// Ask tokscale's own reader for the totals of a home, in the words of the suite:
//
//     NODE_PATH=…/node_modules node conformance/adapters/tokscale.cjs
//
// Its command line cannot run without a network (it fetches prices first), its
// reader can.
const { parseLocalSources } = require("@tokscale/core");

const { messages } = parseLocalSources({ homeDir: process.env.HOME });
const add = (name) => messages.reduce((sum, one) => sum + (one[name] || 0), 0);
console.log(
  JSON.stringify({
    input: add("input"),
    cache_read: add("cacheRead"),
    cache_write: add("cacheWrite"),
    output: add("output"),
    reasoning: add("reasoning"),
  }),
);
