//! The people of the demo organisation, a port: six departments, names in several scripts.

use crate::domain::user::Role;

/// Somebody who works there.
pub(super) struct Person {
    pub(super) username: &'static str,
    pub(super) name: &'static str,
    pub(super) department: &'static str,
    pub(super) role: Role,
    pub(super) active: bool,
}

const PLANNING: &str = "Terminal Planning";
const VESSELS: &str = "Vessel Operations";
const SAFETY: &str = "Yard Safety";
const GATES: &str = "Gate Operations";
const FINANCE: &str = "Finance and Legal";
const AGENCIES: &str = "Agencies Abroad";

const fn member(username: &'static str, name: &'static str, department: &'static str) -> Person {
    Person { username, name, department, role: Role::Member, active: true }
}

const fn admin(username: &'static str, name: &'static str, department: &'static str) -> Person {
    Person { role: Role::Admin, ..member(username, name, department) }
}

const fn left(username: &'static str, name: &'static str, department: &'static str) -> Person {
    Person { active: false, ..member(username, name, department) }
}

/// Everyone.
pub(super) const PEOPLE: &[Person] = &[
    member("asha", "Asha Verma", PLANNING),
    member("bikram", "Bikram Thapa", VESSELS),
    admin("meera", "Meera Nair", PLANNING),
    member("ravi.subrahmanyam", "Ravi Venkataraghavan Subrahmanyam", PLANNING),
    member("ananya.iyer", "Ananya Iyer", PLANNING),
    member("tomasz.wisniewski", "Tomasz Wiśniewski", PLANNING),
    member("sunita.patil", "सुनीता पाटील", PLANNING),
    member("oluwaseun.adeyemi", "Olúwaṣeun Adéyẹmí", PLANNING),
    left("vikram.shetty", "Vikram Shetty", PLANNING),
    member("priya.krishnan", "Priya Krishnan", VESSELS),
    member("dmitry.sokolov", "Дмитрий Соколов", VESSELS),
    member("lars.oygard", "Lars Øygard", VESSELS),
    member("aarav.menon", "Aarav Menon", VESSELS),
    member("nguyen.thi.hoa", "Nguyễn Thị Hoa", VESSELS),
    member("giorgos.papadakis", "Γιώργος Παπαδάκης", VESSELS),
    member("ishaan.deshpande", "Ishaan Deshpande", VESSELS),
    member("rajesh.kulkarni", "राजेश कुलकर्णी", SAFETY),
    member("kavitha.raman", "கவிதா ராமன்", SAFETY),
    member("nurgul.abdirakhmanova", "Нұргүл Әбдірахманова", SAFETY),
    member("sara.lindqvist", "Sara Lindqvist", SAFETY),
    member("mohan.rao", "మోహన్ రావు", SAFETY),
    member("helena.sousa", "Helena de Sousa", SAFETY),
    member("pema.dorji", "Pema Dorji", SAFETY),
    member("harpreet.singh", "Harpreet Singh", GATES),
    admin("farhan.qureshi", "Farhan Qureshi", GATES),
    member("zainab.merchant", "Zainab Merchant", GATES),
    member("gurleen.kaur", "ਗੁਰਲੀਨ ਕੌਰ", GATES),
    member("samuel.osei", "Samuel Osei", GATES),
    member("rekha.bhosale", "Rekha Bhosale", GATES),
    member("arjun.reddy", "Arjun Reddy", GATES),
    member("somchai.wongsa", "สมชาย วงศ์สา", GATES),
    member("lakshmi.subramaniam", "Lakshmi Subramaniam", FINANCE),
    member("joseph.dsouza", "Joseph Mathew D’Souza", FINANCE),
    member("emilie.gauthier", "Émilie Gauthier-Benoît", FINANCE),
    member("debashish.ghosh", "দেবাশীষ ঘোষ", FINANCE),
    member("maria.fernandes", "Maria Fernandes", FINANCE),
    member("kabir.malhotra", "Kabir Malhotra", FINANCE),
    member("anneliese.gross", "Anneliese Groß", FINANCE),
    member("fatima.alzahrani", "فاطمة الزهراني", AGENCIES),
    member("chen.siyuan", "陈思远", AGENCIES),
    member("tanaka.misaki", "田中 美咲", AGENCIES),
    member("kim.seoyeon", "김서연", AGENCIES),
    member("yosef.abebe", "ዮሴፍ አበበ", AGENCIES),
    member("layla.haddad", "ليلى حداد", AGENCIES),
    member("daniel.okafor", "Daniel Okafor", AGENCIES),
    member("noa.levi", "נועה לוי", AGENCIES),
];
