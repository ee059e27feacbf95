// What has changed at the hub, as it tells us; without it, a look every few
// seconds.

const LOOK_MS = 3000;

let timer = null;

export function listen(onTopics, onState) {
	clearInterval(timer);
	onState(true);
	timer = setInterval(() => {
		if (document.visibilityState === "visible")
			onTopics(null);
	}, LOOK_MS);
}
