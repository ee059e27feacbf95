// What each figure means and where it comes from, in both languages.

export const definitions = {
	records: [
		"台账中各数据流的记录总数，含已撤回的记录，不含控制流 0000。来自 stream_state.records，在写入记录的同一事务中计数。",
		"All records of the ledger's streams, withdrawn ones included, control stream 0000 left out. From stream_state.records, counted in the transaction that writes them."],
	changes_today: [
		"今天（东八区）交来的行中，使台账发生变化的行数（质量事实的 accepted 之和）；内容未变的行不计。",
		"Rows handed in today (UTC+8) that changed the ledger: the sum of accepted in the quality facts; rows that changed nothing do not count."],
	questions_today: [
		"各节点今天（东八区）查询日志中的提问次数，按日志条目计数一次，含被拒绝的提问。来自 usage_hourly，item = 0。",
		"Questions in the trails of all nodes today (UTC+8), each entry counted once, refused ones included. From usage_hourly, item = 0."],
	delay: [
		"最近 10 秒内有报告的节点，其各数据流最近一次批次的时延（从枢纽提交到节点生效）的第 50 与第 99 百分位。",
		"Over the streams of all nodes that reported within the last 10 seconds: delay of the newest batch, from commit at the hub to applied at the node, 50th and 99th percentile."],
	nodes: [
		"成员名单上有效的平台中，最近 10 秒内向枢纽报告过状态的个数。",
		"Active platforms of the member list that told the hub their status within the last 10 seconds."],
	batches_held: [
		"因撤回或拒收比例过高而暂扣、等待操作员决定的批次数。",
		"Batches that wait for an operator because they would withdraw, or have rejected, too large a share."],
};
