// What has changed at the hub, as it tells us.

let source = null;

// `onTopics(topics)` now and then; `onState(connected)` when that changes.
export function listen(onTopics, onState) {
	source?.close();
	source = new EventSource("/v1/live");
	source.onopen = () => {
		onState(true);
		onTopics(null); // what was missed meanwhile
	};
	source.onerror = () => onState(false);
	source.onmessage = (event) => {
		const { topics } = JSON.parse(event.data);

		if (topics.length > 0)
			onTopics(topics);
	};
}
