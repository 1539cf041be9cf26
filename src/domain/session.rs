//! Who is signed in, and the frame of the CMS around the module: what every page of a viewer begins with.

use super::{ids::ChangeNo, unread::Unread, user::User, user_record::UserSession};
use serde::{Deserialize, Serialize};

/// The header in which a page says for which viewer it was made: a user id.
pub const VIEWER_HEADER: &str = "x-cms-messages-viewer";

/// The signed-in user with the totals that stand in the menu, all read at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Me {
    /// The viewer.
    pub user: User,
    /// Their unread messages.
    pub unread: Unread,
    /// Their newest change: where asking for changes begins.
    pub change_no: ChangeNo,
    /// The policy that `can_write` was decided with.
    pub policy_version: i64,
}

/// What the CMS contributes to a page: its name, its help, its navigation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CmsFrame {
    /// Stands in titles and on the sign-in page.
    pub name: String,
    /// What helps somebody who cannot sign in.
    pub help: String,
    /// The other entries of the navigation.
    pub links: Vec<CmsLink>,
}

/// One entry of the CMS's navigation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CmsLink {
    /// The word below the icon.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// One of the icons of `public/icons.svg`, without its prefix.
    pub icon: String,
}

/// What the layout of a signed-in page needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The viewer and their totals.
    pub me: Me,
    /// The CMS around the module.
    pub cms: CmsFrame,
}

/// A session of the viewer, as they see it themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct OwnSession {
    /// What admins see of it, too.
    #[serde(flatten)]
    pub session: UserSession,
    /// Whether it is the one that asks. A program's token is none.
    pub is_current: bool,
}
