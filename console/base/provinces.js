// The 34 divisions of province level as tiles, about where they lie: code,
// short name, letters, row and column, and the full names.

export const provinces = [
	["11", "京", "BJ", 2, 5, "北京", "Beijing"],
	["12", "津", "TJ", 2, 6, "天津", "Tianjin"],
	["13", "冀", "HE", 3, 5, "河北", "Hebei"],
	["14", "晋", "SX", 2, 4, "山西", "Shanxi"],
	["15", "蒙", "NM", 1, 5, "内蒙古", "Inner Mongolia"],
	["21", "辽", "LN", 2, 7, "辽宁", "Liaoning"],
	["22", "吉", "JL", 1, 7, "吉林", "Jilin"],
	["23", "黑", "HL", 0, 7, "黑龙江", "Heilongjiang"],
	["31", "沪", "SH", 4, 7, "上海", "Shanghai"],
	["32", "苏", "JS", 4, 6, "江苏", "Jiangsu"],
	["33", "浙", "ZJ", 5, 6, "浙江", "Zhejiang"],
	["34", "皖", "AH", 4, 5, "安徽", "Anhui"],
	["35", "闽", "FJ", 6, 5, "福建", "Fujian"],
	["36", "赣", "JX", 5, 5, "江西", "Jiangxi"],
	["37", "鲁", "SD", 3, 6, "山东", "Shandong"],
	["41", "豫", "HA", 3, 4, "河南", "Henan"],
	["42", "鄂", "HB", 4, 4, "湖北", "Hubei"],
	["43", "湘", "HN", 5, 4, "湖南", "Hunan"],
	["44", "粤", "GD", 6, 4, "广东", "Guangdong"],
	["45", "桂", "GX", 6, 3, "广西", "Guangxi"],
	["46", "琼", "HI", 7, 3, "海南", "Hainan"],
	["50", "渝", "CQ", 4, 3, "重庆", "Chongqing"],
	["51", "川", "SC", 4, 2, "四川", "Sichuan"],
	["52", "黔", "GZ", 5, 3, "贵州", "Guizhou"],
	["53", "滇", "YN", 5, 2, "云南", "Yunnan"],
	["54", "藏", "XZ", 4, 0, "西藏", "Tibet"],
	["61", "陕", "SN", 3, 3, "陕西", "Shaanxi"],
	["62", "甘", "GS", 3, 2, "甘肃", "Gansu"],
	["63", "青", "QH", 3, 1, "青海", "Qinghai"],
	["64", "宁", "NX", 2, 3, "宁夏", "Ningxia"],
	["65", "新", "XJ", 1, 0, "新疆", "Xinjiang"],
	["71", "台", "TW", 6, 7, "台湾", "Taiwan"],
	["81", "港", "HK", 7, 5, "香港", "Hong Kong"],
	["82", "澳", "MO", 7, 4, "澳门", "Macao"],
].map(([code, short, letters, row, column, zh, en]) => ({ code, short, letters, row, column, zh, en }));

const byCode = new Map(provinces.map((province) => [province.code, province]));

// "4401" too: the province it lies in.
export function provinceOf(division) {
	return byCode.get(String(division).slice(0, 2));
}
