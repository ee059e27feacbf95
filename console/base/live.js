// What has changed at the hub, as it tells us.

const QUIET_MS = 4000;
const AGAIN_MS = 2000;
let source = null;
let heard = 0;
let watch = null;
let again = null;

// `onTopics(topics)` now and then; `onState(connected)` when that changes.
export function listen(onTopics, onState) {
	clearTimeout(again);
	source?.close();
	source = new EventSource("/v1/live");
	source.onopen = () => {
		onState(true);
		onTopics(null); // what was missed meanwhile
	};
	source.onerror = () => {
		onState(false);
		// A browser tries again by itself, but for an answer that is no stream: a
		// hub that is starting gives one.
		if (source.readyState === EventSource.CLOSED)
			again = setTimeout(() => listen(onTopics, onState), AGAIN_MS);
	};
	// That a node is silent or a feed late is no event: time makes it so.
	heard = Date.now();
	clearInterval(watch);
	watch = setInterval(() => {
		if (source.readyState === EventSource.OPEN && Date.now() - heard >= QUIET_MS) {
			heard = Date.now();
			onTopics(["nodes"]);
		}
	}, 1000);
	source.onmessage = (event) => {
		const { topics } = JSON.parse(event.data);

		if (topics.includes("nodes"))
			heard = Date.now();

		if (topics.length > 0)
			onTopics(topics);
	};
}
